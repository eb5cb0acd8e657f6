import { codeOf } from '../../errors.ts'

/** Whether SQLite's own name for an error (`SQLITE_FULL`, `SQLITE_IOERR_WRITE`) is such a one. */
export function hasCode(error: unknown, pattern: RegExp): boolean {
  const code = codeOf(error)
  return typeof code === 'string' && pattern.test(code)
}
