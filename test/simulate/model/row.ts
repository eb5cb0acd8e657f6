/** A write as the row that it makes in the table `tasks`. */
import {
  INSERT_SQL,
  insertValues,
  RESUME_SQL,
  resumeValues,
  UPDATE_SQL,
  updateValues,
  type Row,
  type SqlValue,
} from '../../../src/store/sqlite/rows.ts'
import type { Write } from '../../../src/store/driver.ts'
import { INTERRUPTED, type Attempt } from '../../../src/task.ts'

const assigned = (sql: string) => [...sql.matchAll(/(\w+) = \?/g)].map((match) => match[1]!)

const INSERTED = /\(([^)]+)\)/.exec(INSERT_SQL)![1]!.split(/,\s*/)
const RESUMED = assigned(RESUME_SQL)
const UPDATED = assigned(UPDATE_SQL)

export function rowOf(write: Write): Row {
  const [columns, values] = cellsOf(write)
  return Object.fromEntries(columns.map((name, index) => [name, values[index]!]))
}

function cellsOf([kind, task]: Write): [columns: readonly string[], values: SqlValue[]] {
  switch (kind) {
    case 'insert':
      return [INSERTED, insertValues(task)]
    case 'resume':
      return [RESUMED, resumeValues(task)]
    case 'update':
      return [UPDATED, updateValues(task)]
  }
}

export function attemptsIn(row: Row): readonly Attempt[] {
  return JSON.parse(row.attempts as string) as Attempt[]
}

export function isInterrupted(row: Row): boolean {
  return row.status === 'error' && row.error_message === INTERRUPTED
}

/** It is recorded as in flight. */
export function isOpen(attempt: Attempt | undefined): boolean {
  return attempt !== undefined && attempt.durationMs === null && !attempt.interrupted
}
