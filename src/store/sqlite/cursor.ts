/** A place in the list of tasks, opaque to those who pass it back. */
import { invalidRequest } from '../../errors.ts'

export function writeCursor(seq: number): string {
  return Buffer.from(`seq:${seq}`).toString('base64url')
}

/** Throws INVALID_REQUEST for a cursor that is none of ours. */
export function readCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString()
  const seq = /^seq:(\d{1,15})$/.exec(text)?.[1]
  if (seq === undefined || writeCursor(Number(seq)) !== cursor) {
    throw invalidRequest({ path: '?cursor', message: 'is not a next_cursor of this list' })
  }
  return Number(seq)
}
