/** A place in the list of tasks, opaque to those who pass it back: the id of a page's last one. */
import { isTaskId } from './days.ts'

export function writeCursor(id: string): string {
  return Buffer.from(`id:${id}`).toString('base64url')
}

/** null for a cursor that is none of ours. */
export function readCursor(cursor: string): string | null {
  const id = /^id:(.{36})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  return id !== undefined && isTaskId(id) && writeCursor(id) === cursor ? id : null
}
