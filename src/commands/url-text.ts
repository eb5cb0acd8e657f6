/** `10.0.0.6:8001`, `[::1]:8001`, with a path or not: a URL without `http://`. */
const HOST_AND_PORT = /^(?:[\w.-]+|\[[\da-f:.]+\]):\d+(?:\/|$)/i

/** People leave `http://` out. */
export function withScheme(text: string): string {
  return HOST_AND_PORT.test(text) ? `http://${text}` : text
}
