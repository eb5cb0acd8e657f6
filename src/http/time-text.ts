const UNIX_SECONDS = /^(\d{1,11})(?:\.(\d{1,9}))?$/

// RFC 3339, section 5.6. A + that was not encoded has become a space in a query.
const RFC_3339 =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[ +-]([01]\d|2[0-3]):[0-5]\d)$/

/**
 * A moment as the first whole ms that is not before it; null: neither Unix seconds nor a date and
 * time of RFC 3339.
 */
export function readTime(text: string): number | null {
  const unix = UNIX_SECONDS.exec(text)
  if (unix) return Number(unix[1]) * 1000 + milliseconds(unix[2])
  const parts = RFC_3339.exec(text)
  return parts && ofDate(parts)
}

function ofDate([, date, minutes, seconds, fraction, offset]: RegExpExecArray): number | null {
  // A leap second, which our clocks don't have.
  const isLeap = seconds === '60'
  const zone = offset!.toUpperCase().replace(' ', '+')
  const ms = Date.parse(`${date}T${minutes}:${isLeap ? '59' : seconds}${zone}`)
  if (Number.isNaN(ms) || !isOnCalendar(date!) || minutes!.startsWith('24')) return null
  return ms + (isLeap ? 1000 : 0) + milliseconds(fraction)
}

/** Date.parse makes the 30th of February the 1st or 2nd of March. */
function isOnCalendar(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)
}

function milliseconds(fraction = ''): number {
  return Math.ceil(Number(fraction.padEnd(9, '0')) / 1e6)
}
