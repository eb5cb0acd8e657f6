/** An error in words, and what to do about it. */
import { ApiError, Unreachable } from '../../../client/api-error.ts'

export interface Explained {
  readonly message: string
  /** null: the message says it all. */
  readonly advice: string | null
  /** As the API names it; null: it did not come from there. */
  readonly code: string | null
}

/** By the codes of the API. */
const ADVICE: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'Sign in with a token of this service.',
  FORBIDDEN:
    'The token does not permit it. Ask whoever runs the service for one that does, and sign in with that.',
  DROPLET_NOT_FOUND: 'See under Droplets which ones there are, and how their names are written.',
  TASK_NOT_FOUND: 'It may be older than the history that is kept, or of another service.',
  TASK_FINISHED: 'It has ended in the meantime. It can be submitted again.',
  IDEMPOTENCY_KEY_IN_USE: 'A task with this key runs. Wait for it, or take another key.',
  IDEMPOTENCY_KEY_REUSED: 'The key belongs to another request. Take another key.',
  PAYLOAD_TOO_LARGE: 'Send less, or raise MAX_BODY_BYTES of the service.',
  RATE_LIMITED: 'Too many requests came from here. It goes on by itself in a moment.',
  REGISTRY_ERROR:
    'There is no list of droplets. See that the Registry runs, and that REGISTRY_URL is its address.',
  OVERLOADED: 'As many tasks as it may hold are under way. Try again in a moment.',
  CIRCUIT_OPEN: 'The droplet is not there at the moment. It is tried again by itself.',
  DROPLET_UNREACHABLE: 'See that the droplet runs at the address that the Registry lists.',
  SHUTTING_DOWN: 'The service is being restarted. Try again in a moment.',
  STORE_UNAVAILABLE:
    'The database cannot be used. See its disk or its Postgres, and the log of the service.',
  LOOP_DETECTED: 'The task came back to where it began. See what the droplet does with it.',
  TIMEOUT: 'The droplet took longer than it was given. Give it more time, or see what holds it up.',
  INTERNAL_ERROR: 'This is a fault of the service. Its log says more.',
}

export function explain(error: unknown): Explained {
  if (error instanceof ApiError) return explainRefusal(error)
  if (error instanceof Unreachable) {
    return {
      message: 'The service cannot be reached.',
      advice: 'See that it runs, and that the network and the proxies before it let you through.',
      code: null,
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { message, advice: null, code: null }
}

function explainRefusal({ status, code, message, retryAfterSeconds }: ApiError): Explained {
  if (code.startsWith('HTTP_')) {
    const advice = 'Something between here and the service answered in its place: a proxy, perhaps.'
    return { message: `The answer was ${message}.`, advice, code: null }
  }
  const wait = retryAfterSeconds === null ? '' : ` Try again in ${retryAfterSeconds} s.`
  const advice = `${ADVICE[code] ?? (status >= 500 ? 'The log of the service says more.' : '')}${wait}`
  return { message, advice: advice.trim() || null, code }
}
