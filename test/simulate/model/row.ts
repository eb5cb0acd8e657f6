/** A write as the row that it makes in the table `tasks`. */
import {
  INSERT_SQL,
  insertValues,
  UPDATE_SQL,
  updateValues,
  type Row,
} from '../../../src/store/sqlite/rows.ts'
import type { Write } from '../../../src/store/driver.ts'
import { INTERRUPTED, type Attempt } from '../../../src/task.ts'

const INSERTED = /\(([^)]+)\)/.exec(INSERT_SQL)![1]!.split(/,\s*/)
const UPDATED = [...UPDATE_SQL.matchAll(/(\w+) = \?/g)].map((match) => match[1]!)

export function rowOf(write: Write): Row {
  const insert = write[0] === 'insert'
  const columns = insert ? INSERTED : UPDATED
  const values = insert ? insertValues(write[1]) : updateValues(write[1])
  return Object.fromEntries(columns.map((name, index) => [name, values[index]!]))
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
