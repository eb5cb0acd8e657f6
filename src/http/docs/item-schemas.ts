/** What stands in lists, and in events. */
import { Type } from 'typebox'
import { METHODS, STATUSES } from '../../task.ts'
import { Count, Id, nullable, oneOf } from '../shapes.ts'

export const Time = Type.Number({ description: 'Unix seconds' })
export const Milliseconds = Type.Integer({ minimum: 0, description: 'ms' })

export const summary = {
  id: Type.String(),
  droplet_name: Type.String(),
  method: oneOf(METHODS),
  target_url: Type.String(),
  status: oneOf(STATUSES),
  response_status: nullable(Type.Integer()),
  retry_count: Count,
  created_at: Time,
  completed_at: nullable(Time),
  duration_ms: nullable(Milliseconds),
  error_message: nullable(Type.String()),
}

const RedactedUrl = Type.String({
  description: 'Each value of its query as `REDACTED`; the task itself has them',
})
const RedactedError = nullable(Type.String(), 'The same for each URL in it')

export const TaskItem = Type.Object({
  ...summary,
  target_url: RedactedUrl,
  error_message: RedactedError,
})

export const Droplet = Type.Object({
  id: Id,
  name: Type.String(),
  url: Type.String(),
  endpoint: Type.String(),
  version: nullable(Type.String()),
  status: oneOf(
    ['active', 'inactive', 'error', 'unlisted'],
    'unlisted: lost by a Registry that restarted; tasks are sent there still',
  ),
  reachable: nullable(Type.Boolean(), 'null: not known yet'),
  last_probe: nullable(Time),
  latency_ms: nullable(Milliseconds),
  circuit: oneOf(
    ['closed', 'open'],
    'open: it is not there, as this node sees it, and only probes are sent',
  ),
  in_flight: Type.Integer({ minimum: 0, description: 'Requests of this node under way' }),
  waiting: Type.Integer({
    minimum: 0,
    description: 'Synchronous tasks of this node that wait for a place',
  }),
  last_error: nullable(Type.String(), 'How its last failed attempt or probe failed'),
  last_error_at: nullable(Time, 'When: it may be long over'),
  recent_latency_ms: Type.Optional(
    Type.Array(nullable(Type.Number({ minimum: 0 })), {
      description: 'With `recent`: the mean of each 10 s of the last 5 minutes, oldest first',
    }),
  ),
})
