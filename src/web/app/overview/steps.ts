/** Where the lines of an axis are: at round numbers, and at round times. */

/** Seconds. */
const TIMES = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200,
  10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000,
]
export const SECONDS: readonly number[] = TIMES
export const MILLISECONDS: readonly number[] = [1, 2, 5, ...TIMES.map((time) => time * 1000)]

/** For what is counted: there is no half of a task. */
export const WHOLE: readonly number[] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].flatMap(
  (power) => [power, 2 * power, 5 * power],
)

/** Lines of an axis at most. */
const MOST = 5

/** The end of an axis that reaches a little beyond the value: at one of the steps. */
export function stepMax(value: number, steps: readonly number[]): number {
  const step = steps.find((step) => step * MOST >= value * 1.02) ?? steps.at(-1)!
  return Math.ceil((value * 1.02) / step) * step
}

/** The same without steps: 1, 1.5, 2, 3, 5 or 7.5 times a power of ten. */
export function niceMax(value: number): number {
  if (value <= 0) return 0
  const power = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 1.5, 2, 3, 5, 7.5, 10].find((factor) => factor * power >= value * 1.02) ?? 15
  return factor * power
}

/** Short, for an axis: `200 ms`, `5 s`, `2 min`, `1.5 h`, `3 d`. */
export function timeTick(seconds: number): string {
  if (seconds === 0) return '0'
  if (seconds < 1) return `${number(seconds * 1000)} ms`
  if (seconds < 120) return seconds % 60 === 0 ? `${seconds / 60} min` : `${number(seconds)} s`
  if (seconds < 7200) return `${number(seconds / 60)} min`
  if (seconds < 172_800) return `${number(seconds / 3600)} h`
  return `${number(seconds / 86_400)} d`
}

const number = (value: number) => String(Number(value.toFixed(1)))
