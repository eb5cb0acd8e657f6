/**
 * The history in SQLite: plain synchronous functions over one connection. In the service they
 * run in a thread of their own (`worker.ts`), so that no disk and no long list stops the rest.
 */
import { Database, type Statement } from 'bun:sqlite'
import { STATUSES, type Task } from '../task.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { MIGRATIONS } from './migrations/index.ts'
import {
  INSERT_SQL,
  SUMMARY_COLUMNS,
  summaryOf,
  taskOf,
  UNFINISHED_COLUMNS,
  unfinishedOf,
  UPDATE_SQL,
  type Row,
  type SqlValue,
} from './rows.ts'
import type { TaskPage, TaskQuery, UnfinishedTask } from './store.ts'

export interface Retention {
  /** Finished tasks kept. */
  maxFinished: number
  ttlMs: number
}

/** The parameters of an insert or an update, as `rows.ts` makes them. */
export type Write = readonly ['insert' | 'update', SqlValue[]]

/** Finished tasks that one commit forgets at most, beyond those that it adds. */
const TRIM_STEP = 64

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
      this.#finished = this.#countFinished()
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** All of the writes or, when it throws, none. `now` is the wall clock, ms. */
  commit(writes: readonly Write[], now: number): void {
    this.#db.run('begin immediate')
    try {
      for (const [kind, values] of writes) {
        this.#prepare(kind === 'insert' ? INSERT_SQL : UPDATE_SQL).run(...values)
      }
      if (writes.length === 0) {
        this.#prepare('insert or replace into heartbeat values (1, ?)').run(now)
      }
      this.#trim(now, writes.length + TRIM_STEP)
      this.#db.run('commit')
    } catch (error) {
      // A failed COMMIT may have rolled back by itself.
      if (this.#db.inTransaction) this.#db.run('rollback')
      this.#finished = this.#countFinished()
      throw error
    }
  }

  /** Forgets a step's worth of what is over the limits; true when there may be more. */
  trim(now: number): boolean {
    const { ttlMs, maxFinished } = this.retention
    const [oldest] = this.#all(
      'select min(completed_at) as at from tasks where completed_at is not null',
    )
    const expired = oldest?.at != null && (oldest.at as number) < now - ttlMs
    if (!expired && this.#finished <= maxFinished) return false
    this.commit([], now)
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
      `select ${UNFINISHED_COLUMNS} from tasks where status in ('queued', 'running') order by seq`,
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
    const from = `select ${SUMMARY_COLUMNS} from tasks where`
    const end = 'and seq < ? order by seq desc limit ?'
    if (dropletName === undefined) {
      return status === undefined
        ? this.#all(`${from} true ${end}`, before, limit + 1)
        : this.#all(`${from} status = ? ${end}`, status, before, limit + 1)
    }
    // A droplet's tasks are sorted within each status; every part is at most a page long.
    const statuses = status === undefined ? STATUSES : [status]
    const parts = statuses.map(
      () => `select * from (${from} droplet_name = ? and status = ? ${end})`,
    )
    return this.#all(
      `${parts.join(' union all ')} order by seq desc limit ?`,
      ...statuses.flatMap((each) => [dropletName, each, before, limit + 1]),
      limit + 1,
    )
  }

  #total({ status, dropletName }: TaskQuery): number {
    const [row] = this.#all(
      `select coalesce(sum(tasks), 0) as total from task_counts
       where (?1 is null or droplet_name = ?1) and (?2 is null or status = ?2)`,
      dropletName ?? null,
      status ?? null,
    )
    return row!.total as number
  }

  #countFinished(): number {
    return (
      this.#total({ limit: 1 }) -
      this.#total({ limit: 1, status: 'queued' }) -
      this.#total({ limit: 1, status: 'running' })
    )
  }

  #trim(now: number, most: number): void {
    const { ttlMs, maxFinished } = this.retention
    this.#finished = this.#countFinished()
    const excess = Math.min(most, Math.max(0, this.#finished - maxFinished))
    const { changes } = this.#prepare(
      `delete from tasks where seq in (
         select seq from tasks where completed_at is not null order by completed_at limit ?)`,
    ).run(excess)
    const expired = this.#prepare(
      `delete from tasks where seq in (
         select seq from tasks where completed_at < ? order by completed_at limit ?)`,
    ).run(now - ttlMs, most - excess)
    this.#finished -= changes + expired.changes
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
