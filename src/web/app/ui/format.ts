/** Numbers and times as they are read. */

import { once } from './once.ts'

const whole = once(() => new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 }))
const oneDigit = once(() => new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 }))
const short = once(
  () => new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 }),
)
const absolute = once(
  () => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' }),
)
const dayAndTime = once(
  () =>
    new Intl.DateTimeFormat(undefined, {
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }),
)
const timeOfDay = once(
  () =>
    new Intl.DateTimeFormat(undefined, {
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }),
)

/** What is not there is a dash, not a zero. */
export const NONE = '–'

export const count = (value: number) => whole().format(value)

/** `12.4K`, where there is no room. */
export const shortCount = (value: number) => (value < 10_000 ? whole() : short()).format(value)

export const decimal = (value: number) => (value < 100 ? oneDigit() : whole()).format(value)

/** `1 task`, `2 tasks`. */
export const plural = (value: number, one: string, many = `${one}s`) =>
  `${count(value)} ${value === 1 ? one : many}`

export const percent = (part: number, of: number) =>
  of === 0 ? NONE : `${decimal((part / of) * 100)} %`

/** `0.8 ms`, `12 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1) return `${decimal(ms)} ms`
  if (ms < 999.5) return `${whole().format(ms)} ms`
  if (ms < 59_950) return `${oneDigit().format(ms / 1000)} s`
  return longDuration(Math.round(ms / 1000))
}

/** In whole seconds, so that it does not flicker: `0 s`, `59 s`, `4 min 10 s`. */
export function longDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return parts(Math.floor(s / 60), 'min', s % 60, 's')
  if (s < 86_400) return parts(Math.floor(s / 3600), 'h', Math.floor((s % 3600) / 60), 'min')
  return parts(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3600), 'h')
}

function parts(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`
}

/** `now`, `12 s ago`, `in 5 s`; both in Unix seconds. */
export function relativeTime(time: number, now: number): string {
  const seconds = now - time
  if (Math.abs(seconds) < 1) return 'now'
  return seconds > 0 ? `${longDuration(seconds)} ago` : `in ${longDuration(-seconds)}`
}

/** With its zone. `time`: Unix seconds. */
export const absoluteTime = (time: number) => absolute().format(time * 1000)
export const clockTime = (time: number) => timeOfDay().format(time * 1000)
export const dayTime = (time: number) => dayAndTime().format(time * 1000)

export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  const power = value < 1e6 ? 1 : value < 1e9 ? 2 : 3
  return `${oneDigit().format(value / 1000 ** power)} ${['kB', 'MB', 'GB'][power - 1]}`
}
