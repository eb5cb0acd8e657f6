/** What no row can hold exactly: it is refused, and never changed. */
import { isFinished } from '../../task.ts'
import { textFault } from '../../text-fault.ts'
import type { SharedWrite } from '../shared/database.ts'
import { isTaskId } from './days.ts'
import { ASKED, DUE, END, HEAD, LIMITS, STATE, type Column } from './columns.ts'

const CHANGING: readonly Column[] = [...STATE, DUE, ...END]
const ALL: readonly Column[] = [...CHANGING, ...HEAD, ...LIMITS, ...ASKED]

/** Why no row can hold the write, for people; null: nothing speaks against it. */
export function faultOf({ kind, task }: SharedWrite): string | null {
  if (!isTaskId(task.id)) return 'its id is no UUID of version 7'
  if (isFinished(task) !== (task.completedAt !== null)) return 'completed_at is not of its status'
  for (const column of kind === 'update' ? CHANGING : ALL) {
    const fault = cellFault(column, column.of(task))
    if (fault !== null) return `${column.name} ${fault}`
  }
  return null
}

/** Whether a column of type text can. */
export const canHold = (text: string) => textFault(text) === null

function cellFault({ isNullable }: Column, cell: string | number | null): string | null {
  if (cell === null) return isNullable ? null : 'is null'
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? null : `is ${cell}, not whole`
  return textFault(cell)
}
