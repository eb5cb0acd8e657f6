/** Request bodies, capped while they are read. */
import { invalidRequest, OrchestratorError } from '../errors.ts'
import { readBody } from '../platform/bounded-body.ts'

// RFC 6839: any type with the suffix +json is JSON.
const JSON_TYPE = /^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i

/**
 * Levels of nesting. The parser takes half a million of them; whoever walks through the value
 * afterwards, from JSON.stringify on, overflows the stack at some 10,000.
 */
const MAX_DEPTH = 1000

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
  if (bytes === null) throw tooLarge(maxBytes)
  let text: string
  let json: unknown
  try {
    text = utf8.decode(bytes)
    json = JSON.parse(text)
  } catch {
    throw invalidRequest({ path: '', message: 'is not JSON in UTF-8' })
  }
  if (isTooDeep(text)) throw invalidRequest({ path: '', message: 'is nested too deeply' })
  return json
}

/** Whether the text, which is JSON, has more than MAX_DEPTH levels. */
function isTooDeep(text: string): boolean {
  // Each level opens and closes: most bodies are too short.
  if (text.length <= 2 * MAX_DEPTH) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    if (depth > MAX_DEPTH) return true
  }
  return false
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(text: string, start: number): number {
  let end = start
  do end = text.indexOf('"', end + 1)
  while (isEscaped(text, end))
  return end
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

function tooLarge(maxBytes: number): OrchestratorError {
  return new OrchestratorError('PAYLOAD_TOO_LARGE', `The body is over ${maxBytes} bytes`, {
    max_body_bytes: maxBytes,
  })
}
