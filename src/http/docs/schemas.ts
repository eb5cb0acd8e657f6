/** The shapes of the replies: what the OpenAPI document says and the tests hold us to. */
import { Type, type TSchema } from 'typebox'
import { Droplet, Milliseconds, summary, TaskItem, Time } from './item-schemas.ts'
import { LIVE_SCHEMAS } from './live-schemas.ts'
import { MESH_SCHEMAS } from './mesh-schemas.ts'
import { AnyJson, Count, Id, mapOf, nullable, oneOf } from '../shapes.ts'
import { ReplayBody, SubmitBody } from '../submit-body.ts'
import { STATUS_OF } from '../error-reply.ts'

const ErrorReply = Type.Object({
  status: Type.Literal('error'),
  error: Type.Object({
    code: oneOf(Object.keys(STATUS_OF)),
    message: Type.String(),
    details: mapOf(Type.Unknown()),
  }),
})

const Outcome = Type.Object({
  task_id: Type.String(),
  status: oneOf(['success', 'error', 'cancelled']),
  target_url: Type.String(),
  response_status: nullable(Type.Integer(), "The droplet's; null when it was cancelled before"),
  response_body: AnyJson,
  retry_count: Count,
  duration_ms: Milliseconds,
})

const Accepted = Type.Object({
  task_id: Type.String(),
  status: oneOf(['queued', 'running']),
  location: Type.String({ description: 'Where the task can be followed' }),
})

const Attempt = Type.Object({
  attempt: Type.Integer({ minimum: 1 }),
  started_at: Time,
  duration_ms: nullable(Milliseconds, 'null while it is in flight, or when a restart cut it off'),
  response_status: nullable(Type.Integer()),
  error: nullable(Type.String()),
})

const Task = Type.Object({
  ...summary,
  request_id: Type.String({ description: 'The `X-Request-ID` of its submission' }),
  trace_id: Type.String({
    pattern: '^[\\da-f]{32}$',
    description: 'Its W3C trace: that of `traceparent`, or its own id without dashes',
  }),
  mode: oneOf(['sync', 'async']),
  path: Type.String(),
  headers: mapOf(Type.String(), 'Without Authorization, Proxy-Authorization, Cookie and X-Api-Key'),
  secret_headers: Type.Array(Type.String(), {
    description:
      'Names of those of its headers whose values are not kept: a replay needs them again',
  }),
  timeout_ms: Milliseconds,
  deadline_ms: nullable(Milliseconds),
  max_retries: Count,
  due_at: nullable(Time, 'When its next attempt may start'),
  replay_of: nullable(Type.String(), 'The task that this one repeats'),
  attempts: Type.Array(Attempt),
  response_body: AnyJson,
  payload: AnyJson,
  meta: nullable(mapOf(Type.Unknown())),
})

const TaskPage = Type.Object({
  tasks: Type.Array(TaskItem),
  total: nullable(Count, 'All matches; null with `total=false`'),
  limit: Type.Integer({ minimum: 1, maximum: 1000 }),
  next_cursor: nullable(Type.String()),
})

const CacheStatus = oneOf(['active', 'stale', 'unavailable'])

const Droplets = Type.Object({
  droplets: Type.Array(Droplet),
  cache_status: CacheStatus,
  cache_age_seconds: nullable(Count),
  served_from: oneOf(['registry', 'cache']),
})

const Health = Type.Object({
  status: Type.Literal('ok'),
  service: Type.Literal('orchestrator'),
  version: Type.String(),
})

const Check = Type.Object({ ok: Type.Boolean(), reason: nullable(Type.String()) })
const Readiness = Type.Object({
  status: oneOf(['ready', 'not_ready']),
  service: Type.Literal('orchestrator'),
  checks: Type.Object({ registry: Check, store: Check, lifecycle: Check }),
})

/** One of those that share a Postgres and are alive. */
const Node = Type.Object({
  name: Type.String(),
  version: Type.String(),
  started_at: Time,
  seen_seconds_ago: Type.Number({ minimum: 0 }),
  self: Type.Boolean(),
})

const Info = Type.Object({
  id: Id,
  name: Type.Literal('orchestrator'),
  version: Type.String(),
  registry_url: Type.String(),
  registered: Type.Boolean(),
  last_registry_sync: nullable(Time),
  cache_status: CacheStatus,
  cache_age_seconds: nullable(Count),
  uptime_seconds: Count,
  bun_version: Type.String(),
  node: nullable(Type.String()),
  nodes: nullable(Type.Array(Node)),
})

const Metrics = Type.Object({
  service: Type.Literal('orchestrator'),
  version: Type.String(),
  uptime_seconds: Count,
  tasks: Type.Object({
    total: Count,
    success: Count,
    error: Count,
    timeout: Count,
    cancelled: Count,
    queued: Count,
    running: Count,
    success_rate_percent: nullable(Type.Number()),
    avg_response_time_ms: nullable(Type.Number()),
    p50_response_time_ms: nullable(Type.Number()),
    p95_response_time_ms: nullable(Type.Number()),
    p99_response_time_ms: nullable(Type.Number()),
  }),
  retry: Type.Object({
    total_retries: Count,
    retry_success_count: Count,
    retry_final_fail_count: Count,
  }),
  registry: Type.Object({
    syncs_total: Count,
    syncs_success: Count,
    syncs_error: Count,
    last_sync: nullable(Time, 'The last successful one'),
    last_sync_duration_ms: nullable(Milliseconds),
    cache_age_seconds: nullable(Count),
    cache_status: CacheStatus,
  }),
  gate: Type.Object({
    circuits_open: Type.Integer({ minimum: 0, description: 'Droplets that are not there now' }),
    refused_overloaded: Count,
    refused_circuit_open: Count,
  }),
  store: Type.Object({
    commits: Type.Integer({ description: 'Synced commits since start' }),
    writes: Type.Integer({ description: 'Writes that shared them' }),
    failures: Count,
    writable: Type.Boolean(),
  }),
  droplets_known: Count,
  droplets_reachable: Count,
})

/** By the names that the document gives them. */
export const SCHEMAS = {
  SubmitTask: SubmitBody,
  ReplayTask: ReplayBody,
  Error: ErrorReply,
  Outcome,
  Accepted,
  Task,
  TaskPage,
  Droplets,
  Health,
  Readiness,
  Info,
  Metrics,
  ...LIVE_SCHEMAS,
  ...MESH_SCHEMAS,
} as const satisfies Record<string, TSchema>

export type SchemaName = keyof typeof SCHEMAS
