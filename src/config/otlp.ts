/** The kind of setting that OpenTelemetry's exporters share: a list of headers. */
import type { Kind } from './kinds.ts'

/** A token of RFC 9110, then what the percent-encoding of a value may have. */
const HEADER = /^\s*([!#$%&'*+.^`|~\w-]+)\s*=([^,;]*)$/

/**
 * `name=value,name=value`, as in W3C Baggage: OpenTelemetry's specification of
 * OTEL_EXPORTER_OTLP_HEADERS. Values are percent-encoded.
 */
export const otlpHeaders: Kind<Readonly<Record<string, string>>> = {
  allowed: 'empty, or name=value pairs with commas between them, the values percent-encoded',
  parse(text) {
    if (text.trim() === '') return {}
    const pairs = text.split(',').map(pairOf)
    return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs) : undefined
  },
}

function pairOf(text: string): readonly [string, string] | null {
  const [, name, value] = HEADER.exec(text) ?? []
  if (name === undefined || value === undefined) return null
  try {
    const decoded = decodeURIComponent(value.trim())
    return /\p{Cc}/u.test(decoded) ? null : [name.toLowerCase(), decoded]
  } catch {
    return null
  }
}
