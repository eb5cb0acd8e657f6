/**
 * A time (ms since the epoch) as the mesh writes it: ISO 8601 in UTC, with microseconds, the last
 * three digits of which are always 0.
 */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}
