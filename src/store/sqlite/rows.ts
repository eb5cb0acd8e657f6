/** A task as a row of the table `tasks`; `task-row.ts` is the way back. */
import { nameKey } from '../../droplets/droplet.ts'
import { retryCount, type Task } from '../../task.ts'

export type SqlValue = string | number | null

/** Headers and attempts cross to the thread as they are: as text they would be escaped twice. */
type PartValue = SqlValue | Task['headers'] | Task['attempts'] | readonly string[]

/** The values of one part of a row, in the order of its columns. */
export type PartValues = readonly PartValue[]

interface Part {
  readonly columns: readonly string[]
  /** Those of them that may be null. */
  readonly nullable: readonly string[]
  /** Written out: a function for each column would take twice as long. */
  readonly valuesOf: (task: Task) => PartValues
}

/** What never changes once a task is accepted. */
const fixed: Part = {
  columns: ['droplet_name', 'droplet_key', 'method', 'path', 'idempotency_key', 'replay_of'],
  nullable: ['idempotency_key', 'replay_of'],
  valuesOf: (task) => [
    task.dropletName,
    nameKey(task.dropletName),
    task.method,
    task.path,
    task.idempotencyKey,
    task.replayOf,
  ],
}

/** What changes only when a caller sends the request of an interrupted task again. */
const asked: Part = {
  columns: [
    ...['payload', 'meta', 'headers', 'timeout_ms', 'deadline_ms', 'max_retries', 'fingerprint'],
    ...['mode', 'delay_ms', 'request_id', 'created_at', 'secret_headers', 'hops'],
    ...['trace_parent', 'trace_state'],
  ],
  nullable: [
    ...['payload', 'meta', 'deadline_ms', 'fingerprint', 'secret_headers'],
    ...['trace_parent', 'trace_state'],
  ],
  valuesOf: (task) => [
    task.payload,
    task.meta,
    task.headers,
    task.timeoutMs,
    task.deadlineMs,
    task.maxRetries,
    task.fingerprint,
    task.mode,
    task.delayMs,
    task.requestId,
    task.createdAt,
    // Their names. The values go into a table of their own (secrets.ts), if anywhere.
    task.secretHeaders && Object.keys(task.secretHeaders),
    task.hops,
    task.trace?.parent ?? null,
    task.trace?.state ?? null,
  ],
}

const changing: Part = {
  columns: [
    ...['status', 'target_url', 'due_at', 'attempts', 'retry_count', 'completed_at'],
    ...['duration_ms', 'response_status', 'response_body', 'error_message'],
  ],
  nullable: [
    ...['due_at', 'completed_at', 'duration_ms'],
    ...['response_status', 'response_body', 'error_message'],
  ],
  valuesOf: (task) => [
    task.status,
    task.targetUrl,
    task.dueAt,
    task.attempts,
    retryCount(task),
    task.completedAt,
    task.durationMs,
    task.responseStatus,
    task.responseBody,
    task.errorMessage,
  ],
}

/**
 * The columns of a row but for its id, in three parts by what changes them. The journal has their
 * values by their places: whoever changes a part raises JOURNAL_FORMAT, and a migration brings what
 * a crash may have left in the journal to the new format (as 005 does). And a migration that goes
 * through the table `tasks` comes before the journal is applied.
 */
export const PARTS = { fixed, asked, changing } as const
export type PartName = keyof typeof PARTS
export const JOURNAL_FORMAT = 3

/** As the row has them. */
export function sqlValues(values: PartValues): SqlValue[] {
  return values.map((value) =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
  )
}

/** Why no row can hold such values; null: nothing speaks against it. All numbers are whole. */
export function valuesFault(part: PartName, values: PartValues): string | null {
  const { columns, nullable } = PARTS[part]
  for (const [index, value] of values.entries()) {
    const isNumber = typeof value === 'number'
    if (isNumber && !Number.isSafeInteger(value)) return `${columns[index]} is ${value}, not whole`
    if (value === null && !nullable.includes(columns[index]!)) return `${columns[index]} is null`
  }
  return null
}

/** Where a column's value is in its part. */
export function columnAt(part: PartName, column: string): number {
  return PARTS[part].columns.indexOf(column)
}

const namesOf = (...parts: PartName[]) => parts.flatMap((part) => PARTS[part].columns)

/** Parameters: the id, then the values of all parts. */
export const INSERT_SQL = insertSql(namesOf('fixed', 'asked', 'changing'))

/** Parameters: the id, then the values of `changing`. */
export const UPDATE_SQL = updateSql(namesOf('changing'))

/** Parameters: the id, then the values of `asked` and `changing`. */
export const RESUME_SQL = updateSql(namesOf('asked', 'changing'))

function insertSql(names: readonly string[]): string {
  return `insert into tasks (id, ${names.join(', ')}) values (?, ${names.map(() => '?').join(', ')})`
}

function updateSql(names: readonly string[]): string {
  const assigned = names.map((name, index) => `${name} = ?${index + 2}`)
  return `update tasks set ${assigned.join(', ')} where id = ?1`
}

export const SUMMARY_COLUMNS = `seq, id, droplet_name, method, target_url, status,
  response_status, retry_count, created_at, completed_at, duration_ms, error_message`

export const CLAIMED_COLUMNS = `id, mode, status, droplet_name, created_at, delay_ms, due_at,
  timeout_ms, deadline_ms`

/** A row as bun:sqlite returns it: each column by its name. */
export type Row = Record<string, SqlValue>
