/**
 * The history in SQLite: plain synchronous functions over one connection. In the service they
 * run in a thread of their own (`worker.ts`), so that no disk and no long list stops the rest.
 */
import { Database, type Statement } from 'bun:sqlite'
import { isFinished, STATUSES, type Task } from '../../task.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { FinishedCounts } from './finished-counts.ts'
import { MIGRATIONS } from './migrations/index.ts'
import {
  INSERT_SQL,
  insertValues,
  SUMMARY_COLUMNS,
  summaryOf,
  taskOf,
  UNFINISHED_COLUMNS,
  unfinishedOf,
  UPDATE_SQL,
  updateValues,
  type Row,
  type SqlValue,
  type TaskChanges,
} from './rows.ts'
import type { TaskPage, TaskQuery, UnfinishedTask } from '../store.ts'

export interface Retention {
  /** Finished tasks kept. */
  maxFinished: number
  ttlMs: number
}

/** `resume` is the update that makes a finished task unfinished again. */
export type Write =
  readonly ['insert', Task] | readonly ['update', TaskChanges] | readonly ['resume', TaskChanges]

/** Finished tasks that one commit forgets at most, beyond those that it adds. */
const TRIM_STEP = 64

const COUNT_SQL = `insert into task_counts values (?, ?, ?)
  on conflict do update set tasks = tasks + excluded.tasks`

const FINISHED_SQL = 'select coalesce(sum(tasks), 0) as total from task_counts'

/** Finished tasks from their counts; the few others are counted. */
const TOTAL_SQL = `select
  (select coalesce(sum(tasks), 0) from task_counts
   where (?1 is null or droplet_name = ?1) and (?2 is null or status = ?2)) +
  (select count(*) from tasks where completed_at is null
   and (?1 is null or droplet_name = ?1) and (?2 is null or status = ?2)) as total`

const OLDEST_SQL = 'select min(completed_at) as at from tasks where completed_at is not null'

// Read first, then deleted one by one: a delete that returns its rows takes a third longer.
const OLDEST_ROWS_SQL = `select seq, droplet_name, status from tasks
  where completed_at is not null and completed_at < ? order by completed_at limit ?`

const DELETE_SQL = 'delete from tasks where seq = ?'

/** Larger files are not read through at start: that would take longer than a start may. */
const QUICK_CHECK_BYTES = 16 * 1024 * 1024

export class SqliteHistory {
  readonly #db: Database
  readonly #statements = new Map<string, Statement<Row, SqlValue[]>>()
  #finished: number

  /** Throws, with SQLite's words, when the file is no database, damaged, or from the future. */
  constructor(
    file: string,
    private readonly retention: Retention,
  ) {
    this.#db = new Database(file, { create: true, strict: true })
    try {
      this.#db.run('pragma journal_mode = wal')
      this.#db.run('pragma synchronous = full')
      // 4096 pages, 16 MiB: a commit that checkpoints costs a hundred others, so rarely.
      this.#db.run('pragma wal_autocheckpoint = 4096')
      checkIntegrity(this.#db)
      migrate(this.#db)
      this.#finished = this.#all(FINISHED_SQL)[0]!.total as number
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** All of the writes or, when it throws, none. `now` is the wall clock, ms. */
  commit(writes: readonly Write[], now: number): void {
    this.#transaction((finished) => {
      for (const write of writes) this.#write(write, finished)
      if (writes.length === 0) this.#run('insert or replace into heartbeat values (1, ?)', now)
      this.#forgetExcess(writes.length + TRIM_STEP, finished)
    })
  }

  /** Forgets a step's worth of what is over the limits; true when there may be more. */
  trim(now: number): boolean {
    const { ttlMs, maxFinished } = this.retention
    const [oldest] = this.#all(OLDEST_SQL)
    const expired = oldest?.at != null && (oldest.at as number) < now - ttlMs
    if (!expired && this.#finished <= maxFinished) return false
    this.#transaction((finished) => {
      this.#forgetExcess(TRIM_STEP, finished)
      if (expired) this.#forget(now - ttlMs, TRIM_STEP, finished)
    })
    return true
  }

  find(id: string): Task | null {
    const [row] = this.#all('select * from tasks where id = ?', id)
    return row ? taskOf(row) : null
  }

  findByKey(idempotencyKey: string): Task | null {
    const [row] = this.#all('select * from tasks where idempotency_key = ?', idempotencyKey)
    return row ? taskOf(row) : null
  }

  unfinished(): UnfinishedTask[] {
    return this.#all(
      // Without `completed_at`, SQLite wouldn't see that the small index will do.
      `select ${UNFINISHED_COLUMNS} from tasks
       where completed_at is null and status in ('queued', 'running') order by seq`,
    ).map(unfinishedOf)
  }

  /** The cursor must be one of ours: `cursor.ts` tells. */
  list(query: TaskQuery): TaskPage {
    const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.cursor)
    const rows = this.#page(query, before)
    const more = rows.length > query.limit
    const tasks = more ? rows.slice(0, -1) : rows
    return {
      tasks: tasks.map(summaryOf),
      total: this.#total(query),
      nextCursor: more ? writeCursor(tasks.at(-1)!.seq as number) : null,
    }
  }

  close(): void {
    this.#db.close()
  }

  /** One row more than asked for: whether there is a next page. */
  #page({ status, dropletName, limit }: TaskQuery, before: number): Row[] {
    if (status === undefined && dropletName === undefined) {
      return this.#all(pageSql('true'), before, limit + 1)
    }
    // Each index is in the list's order within one state; every part is at most a page long.
    const parts = (status === undefined ? STATUSES : [status]).map((each) => ({
      sql: pageSql(
        isFinished({ status: each }) ? 'completed_at is not null' : 'completed_at is null',
        'status = ?',
        ...(dropletName === undefined ? [] : ['droplet_name = ?']),
      ),
      values: [each, ...(dropletName === undefined ? [] : [dropletName]), before, limit + 1],
    }))
    return this.#all(
      `${parts.map(({ sql }) => `select * from (${sql})`).join(' union all ')}
       order by seq desc limit ?`,
      ...parts.flatMap(({ values }) => values),
      limit + 1,
    )
  }

  #total({ status, dropletName }: Omit<TaskQuery, 'limit'>): number {
    const [row] = this.#all(TOTAL_SQL, dropletName ?? null, status ?? null)
    return row!.total as number
  }

  #write(write: Write, finished: FinishedCounts): void {
    const [kind, task] = write
    if (kind === 'insert') this.#run(INSERT_SQL, ...insertValues(task))
    else this.#run(UPDATE_SQL, ...updateValues(task))
    if (task.completedAt !== null) finished.add(task.dropletName, task.status, 1)
    // Only interrupted tasks run again, and those have ended in error.
    if (kind === 'resume') finished.add(task.dropletName, 'error', -1)
  }

  /** At most `most` of the oldest that are too many. */
  #forgetExcess(most: number, finished: FinishedCounts): void {
    const excess = this.#finished + finished.total - this.retention.maxFinished
    if (excess > 0) this.#forget(Number.MAX_SAFE_INTEGER, Math.min(most, excess), finished)
  }

  #forget(completedBefore: number, most: number, finished: FinishedCounts): void {
    for (const row of this.#all(OLDEST_ROWS_SQL, completedBefore, most)) {
      this.#run(DELETE_SQL, row.seq!)
      finished.add(row.droplet_name as string, row.status as string, -1)
    }
  }

  #transaction(work: (finished: FinishedCounts) => void): void {
    const finished = new FinishedCounts()
    this.#run('begin immediate')
    try {
      work(finished)
      for (const change of finished.changes()) this.#run(COUNT_SQL, ...change)
      this.#run('commit')
    } catch (error) {
      // A failed COMMIT may have rolled back by itself.
      if (this.#db.inTransaction) this.#run('rollback')
      throw error
    }
    this.#finished += finished.total
  }

  #run(sql: string, ...values: SqlValue[]): void {
    this.#prepare(sql).run(...values)
  }

  #all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...values)
  }

  #prepare(sql: string): Statement<Row, SqlValue[]> {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#db.query<Row, SqlValue[]>(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function pageSql(...conditions: string[]): string {
  return `select ${SUMMARY_COLUMNS} from tasks where ${conditions.join(' and ')} and seq < ?
    order by seq desc limit ?`
}

function checkIntegrity(db: Database): void {
  const size = db.query<{ bytes: number }, []>(
    'select page_count * page_size as bytes from pragma_page_count, pragma_page_size',
  )
  if (size.get()!.bytes > QUICK_CHECK_BYTES) return
  const result = db.query<{ quick_check: string }, []>('pragma quick_check(1)').get()
  if (result?.quick_check !== 'ok') throw new Error(`damaged: ${result?.quick_check}`)
}

function migrate(db: Database): void {
  const { user_version } = db.query<{ user_version: number }, []>('pragma user_version').get()!
  if (user_version > MIGRATIONS.length) {
    throw new Error(`written by a newer version (schema ${user_version})`)
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < user_version) continue
    db.transaction(() => {
      db.run(migration)
      db.run(`pragma user_version = ${index + 1}`)
    }).immediate()
  }
}
