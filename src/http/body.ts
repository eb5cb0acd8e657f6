/** Request bodies, capped while they are read. */
import { invalidRequest, OrchestratorError } from '../errors.ts'

// RFC 6839: any type with the suffix +json is JSON.
const JSON_TYPE = /^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The JSON body of a request. Throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE and
 * INVALID_REQUEST.
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const type = request.headers.get('content-type')
  if (type !== null && !JSON_TYPE.test(type)) {
    throw new OrchestratorError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json')
  }
  const bytes = await readBody(request, maxBytes)
  try {
    return JSON.parse(utf8.decode(bytes))
  } catch {
    throw invalidRequest({ path: '', message: 'is not JSON in UTF-8' })
  }
}

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (declared !== null) {
    if (Number(declared) > maxBytes) throw tooLarge(maxBytes)
    return request.bytes()
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength
    if (length > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLarge(maxBytes: number): OrchestratorError {
  return new OrchestratorError('PAYLOAD_TOO_LARGE', `The body is over ${maxBytes} bytes`, {
    max_body_bytes: maxBytes,
  })
}
