/** The latency of the last five minutes in 30 points; where nothing was sent there is a gap. */

const WIDTH = 120
const HEIGHT = 24
/** ms; so that a droplet that always takes 1 to 2 ms does not look restless. */
const LEAST = 5

export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={pathOf(values)} />
    </svg>
  )
}

export function pathOf(values: readonly (number | null)[]): string {
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
    // A line of no length, with round ends, is a dot.
    if (isAlone) path += 'h.1'
  }
  return path
}

const round = (value: number) => Math.round(value * 10) / 10
