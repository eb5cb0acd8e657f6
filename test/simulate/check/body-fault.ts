import type { JsonText } from '../../../src/task.ts'
import type { RequestResult } from '../model/sent-request.ts'

/** Whether `body` is what the droplet answered, or says that it was larger than `maxBytes`. */
export function bodyFault(
  body: JsonText | null,
  { json, tooLarge }: RequestResult & { kind: 'answered' },
  maxBytes: number,
): string | null {
  const truncated = tooLarge || Buffer.byteLength(json ?? '') > maxBytes
  const right = truncated ? body?.startsWith('{"_truncated":true,') : body === json
  return right ? null : `the body is ${body?.slice(0, 200)}, and not ${json?.slice(0, 200)}`
}
