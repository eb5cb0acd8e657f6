/** Rows as Postgres returns them. */
import type { PostgresRow } from '../../platform/postgres.ts'
import type { TaskRow } from '../task-row.ts'
import { ASKED, DUE, END, HEAD, LIMITS, STATE } from './columns.ts'

export const SUMMARY_COLUMNS = [
  ...['id', 'droplet_name', 'method', 'target_url', 'status', 'response_status'],
  ...['retry_count', 'created_at', 'completed_at', 'duration_ms', 'error_message'],
] as const

export const CLAIMED_COLUMNS = [
  ...['id', 'mode', 'status', 'droplet_name', 'created_at', 'delay_ms', 'due_at'],
  ...['timeout_ms', 'deadline_ms'],
] as const

/** int8 comes as text. All of ours are whole numbers that a double holds. */
export const numberOf = (value: unknown) => Number(value)

const NUMBERS = [...HEAD, ...STATE, DUE, ...END, ...LIMITS, ...ASKED]
  .filter(({ type }) => type === 'int8')
  .map(({ name }) => name)

/** The row of a task, with its numbers as such. */
export function taskRowOf(row: PostgresRow): TaskRow {
  const numbers: Record<string, number> = {}
  for (const name of NUMBERS) if (row[name] != null) numbers[name] = Number(row[name])
  return { ...row, ...numbers }
}
