import { useApp } from '../state/app.ts'
import { absoluteTime, duration, NONE, relativeTime } from './format.ts'

/** How long ago, or until when; the moment itself in its title. `at`: Unix seconds. */
export function Time({ at }: { at: number | null }) {
  return at === null ? <span class="quiet">{NONE}</span> : <Moment at={at} />
}

function Moment({ at }: { at: number }) {
  const now = useServiceTime()
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={absoluteTime(at)}>
      {relativeTime(at, now / 1000)}
    </time>
  )
}

/** `ms` null: with `since` (Unix seconds) it is still going on, and counts. */
export function Duration({ ms, since = null }: { ms: number | null; since?: number | null }) {
  if (ms !== null) return <span class="number">{duration(ms)}</span>
  if (since === null) return <span class="quiet">{NONE}</span>
  return <Running since={since} />
}

function Running({ since }: { since: number }) {
  const now = useServiceTime()
  return <span class="number">{duration(Math.max(0, now - since * 1000))}</span>
}

/** Unix ms, by the clock of the service, which has made the times that are shown. */
function useServiceTime(): number {
  const { clock, overview } = useApp()
  return clock.value + overview.skewMs.value
}
