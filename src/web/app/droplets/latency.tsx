import type { Droplet } from '../../../client/types.ts'
import { duration, NONE } from '../ui/format.ts'
import { Sparkline } from './sparkline.tsx'

/** Of the tasks of the last minutes; where there were none, of the last probe. */
export function Latency({ droplet }: { droplet: Droplet }) {
  const recent = droplet.recent_latency_ms ?? []
  const latest = recent.findLast((value) => value !== null) ?? droplet.latency_ms
  return (
    <span class="latency" title="Mean latency, over the last 5 minutes">
      <Sparkline values={recent} />
      <span class="only-read">latency </span>
      <span class="number">{latest === null ? NONE : duration(latest)}</span>
    </span>
  )
}
