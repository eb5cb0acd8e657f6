import { errorText } from '../errors.ts'

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  /** `reason`: in the parser's words, which do not say where. */
  | { readonly ok: false; readonly reason: string }

/** Bytes that are not UTF-8 become U+FFFD. */
export function parseJson(bytes: Uint8Array): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(new TextDecoder().decode(bytes)) as unknown }
  } catch (error) {
    return { ok: false, reason: errorText(error).replace('JSON Parse error: ', '') }
  }
}
