/** What is asked of the unfinished tasks as a whole. */
import type { Pool } from './pool.ts'

const ENDED_SQL = `select id from unnest($1::uuid[]) as w (id)
  where not exists (select from orchestrator.live l where l.id = any(array[w.id]))`

const UNOWNED_SQL = `select count(*)::int4 as tasks from
  (select from orchestrator.live where owner is null limit $1) as counted`

/** Those of `ids`, each one of `isTaskId`, that are not unfinished. */
export async function ended(pool: Pool, ids: readonly string[]): Promise<string[]> {
  return (await pool.query(ENDED_SQL, [ids])).map(({ id }) => id as string)
}

/** As `SharedDatabase.unowned`. */
export async function unowned(pool: Pool, max: number): Promise<number> {
  const [row] = await pool.query(UNOWNED_SQL, [max])
  return row!.tasks as number
}
