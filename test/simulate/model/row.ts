/** A write as the row that it makes in the table `tasks`. */
import { PARTS, sqlValues, type PartName, type Row } from '../../../src/store/sqlite/rows.ts'
import type { Write } from '../../../src/store/driver.ts'
import { INTERRUPTED, type Attempt } from '../../../src/task.ts'

const PARTS_OF: Readonly<Record<Write[0], readonly PartName[]>> = {
  insert: ['fixed', 'asked', 'changing'],
  resume: ['asked', 'changing'],
  update: ['changing'],
}

export function rowOf([kind, task]: Write): Row {
  const row: Row = { id: task.id }
  for (const part of PARTS_OF[kind]) {
    const values = sqlValues(PARTS[part].valuesOf(task))
    for (const [index, name] of PARTS[part].columns.entries()) row[name] = values[index]!
  }
  return row
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
