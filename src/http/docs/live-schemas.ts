/** What the page shows, live. */
import { Type } from 'typebox'
import { SCOPES } from '../../access/scopes.ts'
import { Count, nullable, oneOf } from '../shapes.ts'

const Time = Type.Number({ description: 'Unix seconds' })
const Seconds = nullable(Type.Number({ minimum: 0 }), 'null: there is none')
const Percentile = nullable(Type.Number({ minimum: 0 }), 'ms; null: no task has ended')

const Problem = Type.Object({
  kind: oneOf(['registry', 'store', 'shutdown', 'circuit', 'droplet', 'queue']),
  severity: oneOf(['error', 'warning']),
  message: Type.String({ description: 'What is wrong, in words' }),
  droplet: nullable(Type.String(), 'The droplet that it is about'),
})

const TasksNow = Type.Object({
  queued: Count,
  running: Count,
  oldest_task_age_seconds: Seconds,
})

/** One second, or one minute, of all that is charted. */
const point = {
  time: Type.Number({ description: 'When it began; Unix seconds' }),
  ended: Type.Integer({ minimum: 0, description: 'Tasks that ended in it' }),
  failed: Type.Integer({ minimum: 0, description: 'Those of them that failed' }),
  p50_ms: Percentile,
  p95_ms: Percentile,
  p99_ms: Percentile,
  queued: Count,
  running: Count,
  oldest_task_age_seconds: Seconds,
}

const Series = Type.Object({
  interval_seconds: Type.Integer({ minimum: 1 }),
  time: Type.Array(point.time),
  ended: Type.Array(point.ended),
  failed: Type.Array(point.failed),
  p50_ms: Type.Array(Percentile),
  p95_ms: Type.Array(Percentile),
  p99_ms: Type.Array(Percentile),
  queued: Type.Array(Count),
  running: Type.Array(Count),
  oldest_task_age_seconds: Type.Array(Seconds),
})

const Overview = Type.Object({
  time: Time,
  version: Type.String(),
  access: Type.Object(
    {
      name: nullable(Type.String(), "The token's; null: no token is needed"),
      scopes: Type.Array(oneOf(SCOPES)),
      droplets: nullable(Type.Array(Type.String()), 'Those that it may see; null: all'),
    },
    { description: 'What the caller may do' },
  ),
  problems: Type.Array(Problem),
  tasks: TasksNow,
  droplets: Type.Object({
    known: Count,
    reachable: Count,
    unreachable: Type.Integer({ minimum: 0, description: 'Those that are known to be away' }),
  }),
  series: Series,
})

/** The data of the event `overview`, once a second. */
const OverviewEvent = Type.Object({
  time: Time,
  problems: Type.Array(Problem),
  tasks: TasksNow,
  droplets: Overview.properties.droplets,
  point: Type.Object(point),
})

export const LIVE_SCHEMAS = { Overview, OverviewEvent } as const
