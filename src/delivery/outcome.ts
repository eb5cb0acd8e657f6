/** How one attempt ended. Expected failures are values, not exceptions. */
import type { JsonText } from '../task.ts'

export type Outcome =
  | {
      kind: 'answered'
      status: number
      body: JsonText | null
      /** The body was larger than TASK_MAX_RESPONSE_BYTES and `body` is the marker for that. */
      truncated?: true
      /** What a 503 asked for. */
      retryAfterMs?: number
    }
  | { kind: 'timeout'; error: string; /** No request was sent. */ unsent?: true }
  | { kind: 'unreachable'; error: string; /** It failed on this machine. */ isOurs?: true }
  /** It may not go there. */
  | { kind: 'refused'; error: string; unsent: true }
  | { kind: 'cancelled'; unsent?: true }
  | { kind: 'interrupted'; unsent?: true }

/** Of an attempt whose request may have left us. */
export type SentOutcome = Exclude<Outcome, { unsent: true }>

/**
 * | outcome                  | retry? | because                                               |
 * | ------------------------ | ------ | ----------------------------------------------------- |
 * | answered 5xx             | yes    | the droplet failed                                    |
 * | answered, body too large | no     | it would be as large again                            |
 * | answered anything else   | no     | it is the droplet's answer, 3xx and 4xx included      |
 * | timeout                  | yes    | it may have been busy                                 |
 * | unreachable              | yes    | it may be restarting                                  |
 * | refused                  | no     | DROPLET_ALLOW decides where a request may go          |
 * | cancelled                | no     | somebody asked for that                               |
 * | interrupted              | no     | the service stops; the next start decides             |
 */
export function isRetryable(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'answered':
      return outcome.status >= 500 && !outcome.truncated
    case 'timeout':
    case 'unreachable':
      return true
    case 'refused':
    case 'cancelled':
    case 'interrupted':
      return false
  }
}

/** Whether a request left us. */
export function wasSent(outcome: Outcome): outcome is SentOutcome {
  return !('unsent' in outcome)
}
