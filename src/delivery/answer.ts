/** A droplet's answer as JSON text, read with a limit. */
import type { JsonText } from '../task.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads at most `maxBytes`; null when there are more, and then the rest is not read.
 * Rejects as the body's stream does: when the connection breaks or the signal aborts.
 */
export async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array | null> {
  const declared = declaredLength(response)
  if (declared !== null && declared > maxBytes) {
    await response.body?.cancel()
    return null
  }
  // The framing holds the body to its length, but a compressed one grows as it is read.
  if (declared !== null && !response.headers.has('content-encoding')) return response.bytes()
  if (!response.body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.byteLength
    // Leaving the loop cancels the stream, and with it the connection.
    if (length > maxBytes) return null
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

export function declaredLength(response: Response): number | null {
  const header = response.headers.get('content-length')
  return header === null ? null : Number(header)
}

/**
 * JSON text as it stands when it parses, any other text as a JSON string, null when empty, and
 * what is not UTF-8 as base64 in a marker.
 */
export function bodyToJson(bytes: Uint8Array, contentType: string | null): JsonText | null {
  if (bytes.byteLength === 0) return null
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    const _base64 = Buffer.from(bytes).toString('base64')
    return JSON.stringify({ _binary: true, _content_type: contentType, _base64 })
  }
  try {
    JSON.parse(text)
    return text
  } catch {
    return JSON.stringify(text)
  }
}
