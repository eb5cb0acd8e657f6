/** A droplet's answer as JSON text. */
import type { JsonText } from '../task.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Valid JSON unchanged, any other text as a JSON string, null when empty, and
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
