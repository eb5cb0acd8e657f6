/**
 * Why it is no text, for people; null: it is one. Postgres can hold neither a zero byte nor half a
 * surrogate pair, and Prometheus takes no page with one.
 */
export function textFault(text: string): string | null {
  if (text.includes('\0')) return 'has a zero byte'
  return text.isWellFormed() ? null : 'has half a surrogate pair'
}
