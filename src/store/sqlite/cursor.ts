/** A place in the list of tasks, opaque to those who pass it back. */

export function writeCursor(seq: number): string {
  return Buffer.from(`seq:${seq}`).toString('base64url')
}

/** null for a cursor that is none of ours. */
export function readCursor(cursor: string): number | null {
  const text = Buffer.from(cursor, 'base64url').toString()
  const seq = /^seq:(\d{1,15})$/.exec(text)?.[1]
  return seq !== undefined && writeCursor(Number(seq)) === cursor ? Number(seq) : null
}
