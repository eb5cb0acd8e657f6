/** The last day of a token, in UTC: `2027-01-31`. */

const DAY_MS = 86_400_000

/** The moment at which the day is over; wall clock, ms. null: the text is no day. */
export function endOfDay(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return null
  const start = Date.parse(`${text}T00:00:00Z`)
  // Date.parse takes 2027-02-30 for 2 March.
  return Number.isNaN(start) || dayOf(start) !== text ? null : start + DAY_MS
}

/** The last day on which a token is valid that expires at that moment. */
export function lastDay(expiresAt: number): string {
  return dayOf(expiresAt - DAY_MS)
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 'YYYY-MM-DD'.length)
}
