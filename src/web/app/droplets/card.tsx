import type { Droplet } from '../../../client/types.ts'
import { link } from '../state/router.ts'
import { Badge } from '../ui/badge.tsx'
import { count } from '../ui/format.ts'
import { Time } from '../ui/time.tsx'
import { visible } from '../ui/visible.ts'
import { Latency } from './latency.tsx'
import { rankOf, RANKS, stateOf } from './trouble.ts'

export function DropletCard({ droplet }: { droplet: Droplet }) {
  const { name } = droplet
  return (
    <a
      data-row
      class={`panel droplet ${RANKS[rankOf(droplet)]}`}
      href={link(['tasks'], { droplet_name: name })}
    >
      <span class="droplet-head">
        <strong class="cut" title={name}>
          {visible(name)}
        </strong>
        <StateBadge droplet={droplet} />
      </span>
      <Line droplet={droplet} />
      <Latency droplet={droplet} />
      <span class="droplet-numbers">
        <Load droplet={droplet} />
        <span>
          <span class="quiet">circuit</span> {droplet.circuit}
        </span>
      </span>
    </a>
  )
}

/** Its last error, or else where it is: no card grows when an error comes. */
function Line({ droplet }: { droplet: Droplet }) {
  const { url, version, last_error: error } = droplet
  const place = version === null ? url : `${url} · ${version}`
  return (
    <span class="small cut" title={error === null ? place : `${error}\n${place}`}>
      {error === null ? (
        <span class="quiet">{visible(place)}</span>
      ) : (
        <LastError droplet={droplet} />
      )}
    </span>
  )
}

/** Of a droplet that is well again it is history, and says so. */
export function LastError({ droplet }: { droplet: Droplet }) {
  const { last_error_at: at } = droplet
  const error = visible(droplet.last_error ?? '')
  if (rankOf(droplet) <= RANKS.indexOf('error')) {
    return (
      <span class="droplet-error">
        <span class="only-read">last error </span>
        {error}
      </span>
    )
  }
  return (
    <span class="quiet">
      last error <Time at={at} />: {error}
    </span>
  )
}

export function StateBadge({ droplet }: { droplet: Droplet }) {
  const { word, about, tone, icon } = stateOf(droplet)
  return (
    <Badge tone={tone} icon={icon} title={about}>
      {word}
    </Badge>
  )
}

/** What is queued is not counted: "0" would say that nothing waits. */
export const WAITING =
  'Synchronous tasks that wait because the droplet has as many requests as it may; queued tasks are not counted'

function Load({ droplet }: { droplet: Droplet }) {
  return (
    <>
      <span>
        <span class="quiet">in flight</span> {count(droplet.in_flight)}
      </span>
      {droplet.waiting > 0 ? (
        <span title={WAITING}>
          <span class="quiet">waiting</span> {count(droplet.waiting)}
        </span>
      ) : null}
    </>
  )
}
