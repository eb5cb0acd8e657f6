/**
 * Whether a droplet is there, by the status of its answer; null: there was none. A 500 is its own
 * bug and a 4xx its answer; a proxy answers 502, 503 and 504 when the droplet behind it does not.
 */
export function isThere(status: number | null): boolean {
  return status !== null && (status < 502 || status > 504)
}
