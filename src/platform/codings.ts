const NONE: readonly string[] = []

/**
 * What a `Content-Encoding` names (RFC 9110, section 8.4), in lower case: the codings in the order
 * in which they were applied, without `identity`, which is none.
 */
export function codingsOf(header: string | null): readonly string[] {
  if (header === null) return NONE
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  return names.filter((name) => name !== '' && name !== 'identity')
}
