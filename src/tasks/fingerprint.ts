/** When two requests with one Idempotency-Key are the same. */
import { nameKey } from '../droplets/droplet.ts'
import type { JsonText, Submission, TaskRequest } from '../task.ts'
import { canonicalJson } from './canonical-json.ts'

export interface Fingerprint {
  /** What is stored with the task. */
  readonly text: string
  /** Whether the stored fingerprint is of the same request. */
  matches(stored: string | null): boolean
}

/** The form of this build; those of earlier builds are a bare SHA-256. */
const FORM = '2:'

/**
 * Of what was asked for, whatever the defaults are when it is sent again, and whatever the white
 * space and the order of keys. `filled`: the same with the defaults filled in.
 */
export function fingerprintOf(
  asked: Submission,
  replayOf: string | null,
  filled: () => TaskRequest,
): Fingerprint {
  const text = FORM + sha256(JSON.stringify([replayOf, ...partsOf(asked)]))
  return {
    text,
    matches: (stored) =>
      stored?.startsWith(FORM) ? stored === text : stored === formerFingerprint(filled(), replayOf),
  }
}

function partsOf(asked: Submission): unknown[] {
  const { method, path, timeoutMs, deadlineMs, maxRetries, delayMs } = asked
  // Secrets are renewed between two sends of one request: their values count for nothing.
  const headers = sortedHeaders(asked).map(([name, value]) =>
    Object.hasOwn(asked.secretHeaders ?? {}, name) ? [name] : [name, value],
  )
  const json = [asked.payload, asked.meta].map((text) => text && canonicalJson(text))
  const numbers = [timeoutMs, deadlineMs, maxRetries, delayMs]
  return [nameKey(asked.dropletName), method, path, headers, json, numbers]
}

/** As it was first stored: of a request that came before an upgrade and comes again after it. */
function formerFingerprint(filled: TaskRequest, replayOf: string | null): string {
  const { dropletName, headers: _, secretHeaders: __, ...rest } = filled
  const [payload, meta] = [rewritten(rest.payload), rewritten(rest.meta)]
  const parts = [nameKey(dropletName), sortedHeaders(filled), { ...rest, payload, meta }]
  return sha256(JSON.stringify([replayOf, ...parts]))
}

function rewritten(text: JsonText | null): JsonText | null {
  return text === null ? null : JSON.stringify(JSON.parse(text))
}

function sortedHeaders(
  request: Pick<TaskRequest, 'headers' | 'secretHeaders'>,
): [string, string | null][] {
  const all = { ...request.headers, ...request.secretHeaders }
  return Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))
}

function sha256(text: string): string {
  return new Bun.CryptoHasher('sha256').update(text).digest('hex')
}
