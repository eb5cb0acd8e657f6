/** The line of a sparkline, as an SVG path. */

export const WIDTH = 120
export const HEIGHT = 24
/** ms; so that a droplet that always takes 1 to 2 ms does not look restless. */
const LEAST = 5

/** From 0 at the bottom to the largest value at the top; null: a gap. */
export function sparkPath(values: readonly (number | null)[]): string {
  const most = Math.max(LEAST, ...values.map((value) => value ?? 0))
  const step = WIDTH / Math.max(1, values.length - 1)
  let path = ''
  for (const [i, value] of values.entries()) {
    if (value === null) continue
    const x = round(i * step)
    const y = round(HEIGHT - 1 - (value / most) * (HEIGHT - 2))
    const isFirst = (values[i - 1] ?? null) === null
    const isAlone = isFirst && (values[i + 1] ?? null) === null
    path += `${isFirst ? 'M' : 'L'}${x} ${y}`
    // A dot.
    if (isAlone) path += 'm-1 0h2'
  }
  return path
}

const round = (value: number) => Math.round(value * 10) / 10
