/** The columns that a task's rows have, in parts by where they are and what changes them. */
import { nameKey } from '../../droplets/droplet.ts'
import { retryCount, type Task } from '../../task.ts'

type Cell = string | number | null
type Type = 'text' | 'int8' | 'uuid'

export interface Column {
  readonly name: string
  readonly type: Type
  readonly isNullable: boolean
  readonly of: (task: Task) => Cell
}

const column = (name: string, type: Type, of: Column['of']): Column => {
  return { name, type, isNullable: false, of }
}
const nullable = (name: string, type: Type, of: Column['of']): Column => {
  return { name, type, isNullable: true, of }
}

/** What is in `live` and in `history`, and never changes but by a resume. */
export const HEAD = [
  column('mode', 'text', (task) => task.mode),
  column('droplet_name', 'text', (task) => task.dropletName),
  column('droplet_key', 'text', (task) => nameKey(task.dropletName)),
  column('method', 'text', (task) => task.method),
  column('request_id', 'text', (task) => task.requestId),
  nullable('replay_of', 'text', (task) => task.replayOf),
  column('created_at', 'int8', (task) => task.createdAt),
] as const

/** What is in both, and changes. */
export const STATE = [
  column('status', 'text', (task) => task.status),
  column('target_url', 'text', (task) => task.targetUrl),
  column('attempts', 'text', (task) => JSON.stringify(task.attempts)),
  column('retry_count', 'int8', retryCount),
  nullable('response_status', 'int8', (task) => task.responseStatus),
  nullable('response_body', 'text', (task) => task.responseBody),
  nullable('error_message', 'text', (task) => task.errorMessage),
] as const

/** What is in `live` alone, and changes. */
export const DUE = nullable('due_at', 'int8', (task) => task.dueAt)

/** What is in `history` alone. */
export const END = [
  nullable('completed_at', 'int8', (task) => task.completedAt),
  nullable('duration_ms', 'int8', (task) => task.durationMs),
] as const

/** What is in `live`, so that a claim need not look elsewhere, and in `payload`. */
export const LIMITS = [
  column('timeout_ms', 'int8', (task) => task.timeoutMs),
  nullable('deadline_ms', 'int8', (task) => task.deadlineMs),
  column('delay_ms', 'int8', (task) => task.delayMs),
] as const

/** What is in `payload` alone. */
export const ASKED = [
  column('path', 'text', (task) => task.path),
  nullable('payload', 'text', (task) => task.payload),
  nullable('meta', 'text', (task) => task.meta),
  column('headers', 'text', (task) => JSON.stringify(task.headers)),
  nullable(
    'secret_headers',
    'text',
    ({ secretHeaders }) => secretHeaders && JSON.stringify(Object.keys(secretHeaders)),
  ),
  column('max_retries', 'int8', (task) => task.maxRetries),
  column('hops', 'int8', (task) => task.hops),
  nullable('trace_parent', 'text', ({ trace }) => trace && trace.parent),
  nullable('trace_state', 'text', ({ trace }) => trace && trace.state),
  nullable('idempotency_key', 'text', (task) => task.idempotencyKey),
  nullable('fingerprint', 'text', (task) => task.fingerprint),
] as const

export const namesOf = (...parts: (readonly Column[])[]) =>
  parts.flatMap((part) => part.map(({ name }) => name))
