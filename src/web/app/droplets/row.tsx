import type { Droplet } from '../../../client/types.ts'
import { link } from '../state/router.ts'
import { Badge } from '../ui/badge.tsx'
import { count, NONE } from '../ui/format.ts'
import { visible } from '../ui/visible.ts'
import { LastError, StateBadge } from './card.tsx'
import { Latency } from './latency.tsx'

export function DropletColumns() {
  return (
    <div class="droplet-row columns" aria-hidden="true">
      <span>Droplet</span>
      <span>State</span>
      <span>Circuit</span>
      <span class="number">In flight</span>
      <span class="number">Waiting</span>
      <span>Latency</span>
      <span>Last error</span>
      <span>Version</span>
    </div>
  )
}

export function DropletRow({ droplet }: { droplet: Droplet }) {
  const { name, url, version, circuit, last_error: error } = droplet
  return (
    <a data-row class="droplet-row" href={link(['tasks'], { droplet_name: name })}>
      <strong class="cut" title={`${name} at ${url}`}>
        {visible(name)}
      </strong>
      <span>
        <StateBadge droplet={droplet} />
      </span>
      <span>
        <span class="only-read">circuit </span>
        {circuit === 'open' ? (
          <Badge tone="bad" icon="cross">
            open
          </Badge>
        ) : (
          <span class="quiet">{circuit}</span>
        )}
      </span>
      <Number label="in flight" value={droplet.in_flight} />
      <Number label="waiting" value={droplet.waiting} />
      <Latency droplet={droplet} />
      <span class="small cut" title={error ?? undefined}>
        {error === null ? null : <LastError droplet={droplet} />}
      </span>
      <span class="quiet small cut">{version ?? NONE}</span>
    </a>
  )
}

function Number({ label, value }: { label: string; value: number }) {
  return (
    <span class={value === 0 ? 'number quiet' : 'number'}>
      <span class="only-read">{label} </span>
      {count(value)}
    </span>
  )
}
