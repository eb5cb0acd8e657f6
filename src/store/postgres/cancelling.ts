/** How a node hears that somebody wants a task of its own cancelled. */
import type { Pool } from './pool.ts'

const CANCEL_SQL = `update orchestrator.live set cancel = true
  where id = $1::uuid and owner is not null returning 1`

const CANCELLED_SQL =
  'select id from orchestrator.live where cancel and owner = $1::uuid order by id'

/** As `SharedDatabase.askToCancel`. `id`: one of `isTaskId`. */
export async function askToCancel(pool: Pool, id: string): Promise<boolean> {
  return (await pool.query(CANCEL_SQL, [id])).length > 0
}

/** As `SharedDatabase.cancelled`. */
export async function cancelled(pool: Pool, session: string): Promise<string[]> {
  return (await pool.query(CANCELLED_SQL, [session])).map(({ id }) => id as string)
}
