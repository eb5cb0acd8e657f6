/** Times, durations and JSON as people read them. */
import { localTime } from '../../platform/log-text.ts'

/** `2026-11-25 14:03:07 +01:00`, of Unix seconds; without the day when it is that of `now`, ms. */
export function timeText(seconds: number | null, now: number): string {
  if (seconds === null) return ''
  const text = localTime(seconds * 1000)
  const [day, time, offset] = [text.slice(0, 10), text.slice(11, 19), text.slice(-6)]
  return localTime(now).startsWith(day) ? `${time} ${offset}` : `${day} ${time} ${offset}`
}

/** The same, shorter: `11-25 14:03 +01:00` of another day. */
export function shortTimeText(seconds: number, now: number): string {
  const text = timeText(seconds, now)
  return text.length < 20 ? text : `${text.slice(5, 16)} ${text.slice(-6)}`
}

/** Shorter still, where there is no room for the zone: it is that of this machine. */
export function zonelessTimeText(seconds: number, now: number): string {
  return shortTimeText(seconds, now).slice(0, -7)
}

/** `840 ms`, `12.3 s`, `4 min 05 s` */
export function durationText(ms: number | null): string {
  if (ms === null) return ''
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 99_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${twoDigits(Math.floor(seconds / 60) % 60)} min`
}

const twoDigits = (value: number) => String(value).padStart(2, '0')

export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** JSON text with a line for each member and item; every digit as it was written. */
export function indented(json: string): string {
  let text = ''
  let depth = 0
  let last = ''
  for (const [token] of json.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']'
    const isEmpty = closes && (last === '{' || last === '[')
    if (closes) depth--
    if (!isEmpty && (closes || last === ',' || last === '{' || last === '[')) {
      text += `\n${'  '.repeat(depth)}`
    }
    text += token === ':' ? ': ' : token
    if (token === '{' || token === '[') depth++
    last = token
  }
  return text
}
