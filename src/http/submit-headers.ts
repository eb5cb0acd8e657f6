/** What the headers of a submission say of its task. */
import { invalidRequest } from '../errors.ts'
import { MAX_KEY_LENGTH } from '../task.ts'
import type { SubmitOptions } from '../tasks/submit.ts'
import { hopsOf } from './hops.ts'
import type { Preferences } from './prefer.ts'
import { traceOf } from './trace-headers.ts'

// Visible ASCII, as the string of draft-ietf-httpapi-idempotency-key-header may hold.
const VISIBLE = /^[\x21-\x7e]+$/

/** Throws INVALID_REQUEST and LOOP_DETECTED. */
export function submitOptions(headers: Headers, prefer: Preferences): SubmitOptions {
  const key = headers.get('idempotency-key')
  if (key !== null && !(key.length <= MAX_KEY_LENGTH && VISIBLE.test(key))) {
    const message = `must be 1 to ${MAX_KEY_LENGTH} visible characters`
    throw invalidRequest({ path: 'Idempotency-Key', message })
  }
  return {
    mode: prefer.respondAsync || prefer.waitSeconds !== null ? 'async' : 'sync',
    waitMs: (prefer.waitSeconds ?? 0) * 1000,
    idempotencyKey: key,
    hops: hopsOf(headers),
    trace: traceOf(headers),
  }
}
