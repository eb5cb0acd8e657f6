/** Messages of server-sent events, as HTML's standard has them (section 9.2.6, "Interpreting"). */

/** `data`: one line of JSON. */
export function eventText(type: string, id: string, data: string): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`
}

/** So that proxies and readers see that the stream lives; a comment is no event. */
export const HEARTBEAT = ': still here\n\n'

/** After how long a reader comes back when the stream has ended, ms. */
export const RETRY_TEXT = 'retry: 1000\n\n'

export function resetText(id: string, reason: string): string {
  return eventText('reset', id, JSON.stringify({ reason }))
}
