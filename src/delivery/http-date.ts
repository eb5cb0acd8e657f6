/** Dates in HTTP fields (RFC 9110, section 5.6.7). All three forms are in GMT. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)'
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`

const FORMS = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(String.raw`^${DAY}, (?<day>\d\d) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`),
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(String.raw`^${LONG_DAY}, (?<day>\d\d)-${MONTH}-(?<year>\d\d) ${TIME} GMT$`),
  // asctime: Sun Nov  6 08:49:37 1994
  new RegExp(String.raw`^${DAY} ${MONTH} (?<day>\d\d| \d) ${TIME} (?<year>\d{4})$`),
]

/**
 * The date as ms since the epoch; null when it has none of the three forms, or is no date of the
 * calendar. The name of the day isn't compared with the date. `now` (ms) is for years of two
 * digits: more than 50 years ahead is the century before.
 */
export function parseHttpDate(text: string, now: number): number | null {
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups
    if (groups) return dateOf(groups, now)
  }
  return null
}

function dateOf(groups: Record<string, string>, now: number): number | null {
  const year = fullYear(groups.year!, new Date(now).getUTCFullYear())
  const month = MONTHS.indexOf(groups.month!)
  const day = Number(groups.day)
  const [hour, minute, second] = [groups.hour, groups.minute, groups.second].map(Number)
  // 60 is a leap second.
  if (hour! > 23 || minute! > 59 || second! > 60) return null
  const midnight = new Date(Date.UTC(year, month, day))
  // The 31st of February would be taken for a day of March.
  if (midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day) return null
  return midnight.getTime() + ((hour! * 60 + minute!) * 60 + second!) * 1000
}

function fullYear(digits: string, thisYear: number): number {
  if (digits.length === 4) return Number(digits)
  const year = thisYear - (thisYear % 100) + Number(digits)
  return year > thisYear + 50 ? year - 100 : year
}
