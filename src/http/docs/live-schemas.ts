/** What the page shows, live. */
import { Type } from 'typebox'
import { SCOPES } from '../../access/scopes.ts'
import { Count, nullable, oneOf } from '../shapes.ts'
import { Droplet, TaskItem, Time } from './item-schemas.ts'

const Seconds = nullable(Type.Number({ minimum: 0 }), 'null: there is none')
const Gauge = nullable(Count, 'The highest in that time; null: not known')
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
  queued: Gauge,
  running: Gauge,
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
  queued: Type.Array(Gauge),
  running: Type.Array(Gauge),
  oldest_task_age_seconds: Type.Array(Seconds),
})

const Overview = Type.Object({
  time: Time,
  version: Type.String(),
  node: nullable(Type.String(), 'Of those that share a Postgres; the numbers are its own'),
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

const TaskChange = Type.Object({
  change: oneOf(['accepted', 'attempt_started', 'attempt_ended', 'ended']),
  task: TaskItem,
})

const Second = Type.Object({
  time: Time,
  problems: Type.Array(Problem),
  tasks: TasksNow,
  droplets: Overview.properties.droplets,
  point: nullable(Type.Object(point), 'The last whole second; null right after the start'),
})

const Reset = Type.Object({ reason: Type.String() })

/** OpenAPI 3.1 has no word for streams: this is what a message says. */
const LiveEvent = Type.Union(
  [
    Type.Object({ event: Type.Literal('task'), data: TaskChange }),
    Type.Object({ event: Type.Literal('droplet'), data: Droplet }),
    Type.Object({ event: Type.Literal('overview'), data: Second }),
    Type.Object({ event: Type.Literal('reset'), data: Reset }),
  ],
  {
    description:
      'A message of the stream: the name of its event, and its `data`, which is JSON in one line. ' +
      '`task`: a step of a task. `droplet`: a droplet that has changed, at most once a second each. ' +
      '`overview`: once a second. `reset`: events are missing here, read the lists again.',
  },
)

export const LIVE_SCHEMAS = { Overview, LiveEvent } as const
