/** The bodies of requests, read as JSON. */
import { invalidRequest, OrchestratorError } from '../errors.ts'
import { membersOf, type Member } from '../json-text.ts'
import { codingsOf } from '../platform/codings.ts'
import type { JsonText } from '../task.ts'
import type { HeldBody, RequestBodies } from './request-bodies.ts'

// RFC 6839: each type with the suffix +json is JSON.
const ANY_JSON_TYPE = /^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i
// RFC 8259 knows no other charset than UTF-8, of which US-ASCII is a part.
const CHARSET_PARAMETER = /^\s*charset\s*=\s*"?([^"\s]*)/i
const UTF8_NAMES = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii'])

/**
 * Levels of nesting. The parser takes half a million of them; whoever walks through the value
 * afterwards, from JSON.stringify on, overflows the stack at some 10,000.
 */
export const MAX_DEPTH = 1000

// Without its byte order mark, which some editors and PowerShell write (RFC 8259, section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A JSON value, and the text that it came as. To be disposed of when neither is needed any more. */
export class JsonBody implements Disposable {
  #members: readonly Member[] | null = null

  /** Throws INVALID_REQUEST. `text` must be what JSON.parse made `value` of. */
  constructor(
    readonly value: unknown,
    private readonly text: JsonText,
    private readonly release = () => {},
  ) {
    // Each level opens and closes: most bodies are too short to be too deep.
    if (text.length > 2 * MAX_DEPTH) this.#read()
  }

  /** The value of a member as it was written; of several with one name the last, as in `value`. */
  textOf(name: string): JsonText | null {
    return this.#read().findLast((member) => member.name === name)?.text ?? null
  }

  [Symbol.dispose](): void {
    this.release()
  }

  #read(): readonly Member[] {
    this.#members ??= membersOf(this.text, MAX_DEPTH)
    if (!this.#members) throw invalidRequest({ path: '', message: 'is nested too deeply' })
    return this.#members
  }
}

/**
 * The JSON body of a request; until it is disposed of, it counts as one that is worked on. Throws
 * UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST, and as `RequestBodies` does.
 */
export async function readJson(request: Request, bodies: RequestBodies): Promise<JsonBody> {
  checkHeaders(request.headers)
  return parseOrRelease(await bodies.read(request))
}

/** The same for a request that needs no body. null: it has none, whatever its headers say. */
export async function readOptionalJson(
  request: Request,
  bodies: RequestBodies,
): Promise<JsonBody | null> {
  const body = await bodies.read(request)
  if (body.bytes.byteLength === 0) {
    body.release()
    return null
  }
  return parseOrRelease(body, () => checkHeaders(request.headers))
}

function checkHeaders(headers: Headers): void {
  checkCoding(headers.get('content-encoding'))
  checkType(headers.get('content-type'))
}

function parseOrRelease({ bytes, release }: HeldBody, check = () => {}): JsonBody {
  try {
    check()
    return parse(bytes, release)
  } catch (error) {
    release()
    throw error
  }
}

function parse(bytes: Uint8Array, release: () => void): JsonBody {
  let text: JsonText | undefined
  let value: unknown
  try {
    text = utf8.decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw invalidRequest({ path: '', message: faultOf(bytes, text) })
  }
  return new JsonBody(value, text, release)
}

function checkCoding(header: string | null): void {
  const [coding] = codingsOf(header)
  if (coding !== undefined) throw codingRefused(coding.slice(0, 100))
}

export function codingRefused(content_encoding: string): OrchestratorError {
  const message = `A body with Content-Encoding: ${content_encoding} is not accepted; send it as it is`
  return new OrchestratorError('UNSUPPORTED_MEDIA_TYPE', message, { content_encoding })
}

function checkType(header: string | null): void {
  if (header === null || header === 'application/json') return
  if (!ANY_JSON_TYPE.test(header)) {
    const content_type = header.slice(0, 100)
    const message = `The body must be application/json, not ${content_type}`
    throw new OrchestratorError('UNSUPPORTED_MEDIA_TYPE', message, { content_type })
  }
  for (const parameter of header.split(';').slice(1)) {
    const charset = CHARSET_PARAMETER.exec(parameter)?.[1]?.slice(0, 100)
    if (charset === undefined || UTF8_NAMES.has(charset.toLowerCase())) continue
    const message = `The body must be JSON in UTF-8, not in ${charset}`
    throw new OrchestratorError('UNSUPPORTED_MEDIA_TYPE', message, { charset })
  }
}

/** Why the bytes are not JSON; `text`: what they are in UTF-8. */
function faultOf(bytes: Uint8Array, text: string | undefined): string {
  if (bytes.length === 0) return 'is empty; it must be a JSON object'
  if (isWide(bytes)) return 'is in UTF-16 or UTF-32; JSON must be in UTF-8'
  return text === undefined ? 'is not in UTF-8, as JSON must be' : 'is not JSON'
}

/** Whether they begin as no JSON in UTF-8 does: with a zero byte, or a byte order mark. */
function isWide([first, second]: Uint8Array): boolean {
  return first === 0 || second === 0 || (first === 0xff && second === 0xfe) || first === 0xfe
}
