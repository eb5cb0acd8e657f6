import { HEIGHT, sparkPath, WIDTH } from './spark-path.ts'

/** The latency of the last five minutes in 30 points; where nothing was sent there is a gap. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={sparkPath(values)} />
    </svg>
  )
}
