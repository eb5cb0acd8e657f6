/** How one attempt ended. Expected failure is data; an exception here would be a bug. */
import type { JsonText } from '../task.ts'

export type Outcome =
  | {
      kind: 'answered'
      status: number
      body: JsonText | null
      /** The body was larger than TASK_MAX_RESPONSE_BYTES and `body` is the marker for that. */
      truncated?: true
      /** A 503's Retry-After. */
      retryAfterMs?: number
    }
  | { kind: 'timeout'; error: string; /** No request was sent. */ unsent?: true }
  | { kind: 'unreachable'; error: string; unsent?: true }
  | { kind: 'cancelled'; unsent?: true }
  | { kind: 'interrupted'; unsent?: true }

/**
 * | outcome                   | again? | because                                               |
 * | ------------------------- | ------ | ----------------------------------------------------- |
 * | answered 5xx              | yes    | the droplet stumbled                                  |
 * | answered, body too large  | no     | it would be as large again                            |
 * | answered anything else    | no     | it is the droplet's answer, 3xx and 4xx included      |
 * | timeout                   | yes    | it may have been busy                                 |
 * | unreachable               | yes    | it may be restarting                                  |
 * | unreachable, nothing sent | no     | the Registry says that it isn't there to be called    |
 * | cancelled                 | no     | somebody said so                                      |
 * | interrupted               | no     | the service stops; the next start decides             |
 */
export function isRetryable(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'answered':
      return outcome.status >= 500 && !outcome.truncated
    case 'timeout':
      return true
    case 'unreachable':
      return !outcome.unsent
    case 'cancelled':
    case 'interrupted':
      return false
  }
}
