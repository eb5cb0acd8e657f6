/** What a database is like, for `check` and `doctor`: nothing of it is changed. */
import type { Database } from 'bun:sqlite'
import { errorText } from '../../errors.ts'
import { fileSize } from '../../platform/disk.ts'
import { databaseBytes } from './database-bytes.ts'
import { LATEST_VERSION, versionOf } from './migrate.ts'
import { openToLook, refuseForeign } from './ownership.ts'

const MAX_LOCKED_MS = 2000

export interface DatabaseState {
  /** 0: it has no tables yet. */
  readonly schema: number
  /** What this version of the program makes of it. */
  readonly latestSchema: number
  readonly bytes: number
  /** Of these, what nothing is in. */
  readonly freeBytes: number
  readonly logBytes: number
  /** What `pragma quick_check` says; null: the file is too large to be read through. */
  readonly integrity: string | null
  /** When its newest task was accepted, wall clock, ms; null: there is none. */
  readonly newestAt: number | null
  /** Asynchronous tasks that wait for their first attempt. */
  readonly queued: number
  /** When the first of them is, or was, to be sent, wall clock, ms; null: there is none. */
  readonly oldestDueAt: number | null
}

/**
 * Of a file that is there and not empty. Throws, with a message for people, when it is none of ours,
 * damaged, or written by a newer version. Larger ones than `maxCheckedBytes` are not read through.
 */
export function inspectDatabase(file: string, maxCheckedBytes: number): DatabaseState {
  using db = openToLook(file, MAX_LOCKED_MS)
  refuseForeign(db)
  const bytes = databaseBytes(db)
  const schema = versionOf(db)
  return {
    schema,
    latestSchema: LATEST_VERSION,
    bytes,
    freeBytes: freeBytesOf(db),
    logBytes: fileSize(`${file}-wal`),
    integrity: bytes > maxCheckedBytes ? null : quickCheck(db),
    newestAt: schema === 0 ? null : newestAt(db),
    ...(schema === 0 ? { queued: 0, oldestDueAt: null } : queueOf(db)),
  }
}

const FREE_SQL =
  'select freelist_count * page_size as bytes from pragma_freelist_count, pragma_page_size'

function freeBytesOf(db: Database): number {
  return db.query<{ bytes: number }, []>(FREE_SQL).get()!.bytes
}

/** In one line. */
function quickCheck(db: Database): string {
  return errorText(
    db.query<{ quick_check: string }, []>('pragma quick_check(1)').get()!.quick_check,
  )
}

function newestAt(db: Database): number | null {
  const sql = 'select created_at from tasks order by seq desc limit 1'
  return db.query<{ created_at: number }, []>(sql).get()?.created_at ?? null
}

const QUEUE_SQL = `select count(*) as queued, min(coalesce(due_at, created_at)) as oldestDueAt
  from tasks where status = 'queued' and completed_at is null`

function queueOf(db: Database): Pick<DatabaseState, 'queued' | 'oldestDueAt'> {
  return db.query<{ queued: number; oldestDueAt: number | null }, []>(QUEUE_SQL).get()!
}
