/** Holds up what is written, so that a test can decide what happens meanwhile. */
import { SQL } from 'bun'
import { eventually } from './eventually.ts'
import type { TestDatabase } from './postgres.ts'

export interface TableLock extends AsyncDisposable {
  /** One statement in the transaction that has the lock: it is done before what waits. */
  query(text: string): Promise<unknown>
  /** Resolves when so many statements that have this in their text wait. */
  waiting(text: string, count: number): Promise<void>
  release(): Promise<void>
}

/** Others may read the table, and may not write it, unless `mode` says otherwise. */
export async function lockTable(
  database: TestDatabase,
  table: string,
  mode: 'exclusive' | 'access exclusive' | 'access share' = 'exclusive',
): Promise<TableLock> {
  const sql = new SQL(database.url, { max: 1 })
  await sql.unsafe('begin')
  await sql.unsafe(`lock table ${table} in ${mode} mode`)
  return {
    query: (text) => sql.unsafe(text),
    async waiting(text, count) {
      const held = `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and strpos(query, $1) > 0`
      await eventually(`${count} wait for ${table}`, async () => {
        return (await database.query(held, [text])).length >= count
      })
    },
    async release() {
      await sql.unsafe('commit')
    },
    [Symbol.asyncDispose]: () => sql.close(),
  }
}
