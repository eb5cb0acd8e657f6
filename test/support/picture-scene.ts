/** A quarter of an hour of a mesh on a working day, for a picture: made up, and always the same. */
import type { OverviewEvent } from '../../src/client/types.ts'

const SECONDS = 900
const DROPLETS = { known: 6, reachable: 5, unreachable: 1 }
const PROBLEMS: OverviewEvent['problems'] = [
  {
    kind: 'circuit',
    severity: 'error',
    message: 'billing is not there, its circuit is open: ECONNREFUSED: connection refused',
    droplet: 'billing',
  },
]

type Point = NonNullable<OverviewEvent['point']>

/** 0 to 1, by its number. */
function noise(n: number): number {
  const x = Math.sin(n * 12.9898) * 43758.5453
  return x - Math.floor(x)
}

function pointAt(second: number, time: number): Point {
  const wave = 1 + 0.25 * Math.sin(second / 110) + 0.1 * Math.sin(second / 23)
  const isAway = second > 560
  const ended = Math.round(240 * wave * (0.94 + 0.12 * noise(second)))
  const queued = isAway ? Math.round((second - 560) * 0.35) : Math.round(2 * noise(second + 1))
  return {
    time,
    ended,
    failed: Math.round(ended * (isAway && second < 640 ? 0.035 : 0.002) * 2 * noise(second + 2)),
    p50_ms: 11 + 2 * wave + noise(second + 3),
    p95_ms: 42 * wave + 9 * noise(second + 4),
    p99_ms: 90 * wave + 45 * noise(second + 5) + (isAway && second < 640 ? 160 : 0),
    queued,
    running: Math.round(24 * wave + 8 * noise(second + 6)),
    oldest_task_age_seconds: isAway ? second - 560 : null,
  }
}

/** As `/orchestrator/overview` has it, and the event of each second after it. `now`: Unix seconds. */
export function pictureScene(now: number) {
  const pointOf = (second: number) => pointAt(second, now - SECONDS + second)
  const points = Array.from({ length: SECONDS }, (_, second) => pointOf(second))
  const column = <K extends keyof Point>(name: K) => points.map((point) => point[name])
  const at = (second: number): OverviewEvent => {
    const point = pointOf(second)
    const { queued, running, oldest_task_age_seconds } = point
    return {
      time: now - SECONDS + second + 1,
      problems: PROBLEMS,
      tasks: { queued: queued ?? 0, running: running ?? 0, oldest_task_age_seconds },
      droplets: DROPLETS,
      point,
    }
  }
  const { point: _, ...last } = at(SECONDS - 1)
  const series = {
    interval_seconds: 1,
    time: column('time'),
    ended: column('ended'),
    failed: column('failed'),
    p50_ms: column('p50_ms'),
    p95_ms: column('p95_ms'),
    p99_ms: column('p99_ms'),
    queued: column('queued'),
    running: column('running'),
    oldest_task_age_seconds: column('oldest_task_age_seconds'),
  }
  const access = { name: null, scopes: ['tasks:read', 'tasks:write', 'admin'], droplets: null }
  return {
    overview: { version: '1.1.0', node: null, access, ...last, series },
    eventAt: at,
    seconds: SECONDS,
  }
}
