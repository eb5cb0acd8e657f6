/** What is asked of the unfinished tasks as a whole. */
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

const ENDED_SQL = `select id from unnest($1::uuid[]) as w (id)
  where not exists (select from orchestrator.live l where l.id = any(array[w.id]))`

const UNOWNED_SQL = `select count(*)::int4 as tasks from
  (select from orchestrator.live where owner is null limit $1) as counted`

const DUE_SQL = `select floor(extract(epoch from now() - claim_at) * 1000)::int8 as due_ms
  from orchestrator.live where owner is null and claim_at <= now() order by claim_at limit 1`

/** Those of `ids`, each one of `isTaskId`, that are not unfinished. */
export async function ended(pool: Pool, ids: readonly string[]): Promise<string[]> {
  return (await pool.query(ENDED_SQL, [ids])).map(({ id }) => id as string)
}

/** As `SharedDatabase.unowned`. */
export async function unowned(pool: Pool, max: number): Promise<number> {
  const [row] = await pool.query(UNOWNED_SQL, [max])
  return row!.tasks as number
}

/** As `SharedDatabase.unownedDueMs`. */
export async function unownedDueMs(pool: Pool): Promise<number> {
  const [row] = await pool.query(DUE_SQL)
  return numberOf(row?.due_ms ?? 0)
}
