/** How tasks that nobody owns get an owner. */
import type { PostgresRow } from '../../platform/postgres.ts'
import type { FencedClaim } from '../shared/database.ts'
import { claimExceptSql, claimSql, TAKE_SQL } from './claim-sql.ts'
import type { Pool } from './pool.ts'
import { claimedOf } from '../task-row.ts'
import { numberOf, taskRowOf } from './rows.ts'

/** So few need no statement of their own. */
const LEAST = 16

/** As `SharedDatabase.claim`. */
export async function claim(
  pool: Pool,
  session: string,
  capacity: number,
  except: readonly string[],
  number: number,
): Promise<FencedClaim[]> {
  const most = 2 ** Math.ceil(Math.log2(Math.max(LEAST, capacity)))
  const rows =
    except.length === 0
      ? await pool.query(claimSql(most), [session, capacity, number])
      : await pool.query(claimExceptSql(most), [session, capacity, except, number])
  return rows.toSorted(byDue).map(fencedOf)
}

function byDue(a: PostgresRow, b: PostgresRow): number {
  return numberOf(a.wait_ms) - numberOf(b.wait_ms) || (String(a.id) < String(b.id) ? -1 : 1)
}

function fencedOf(row: PostgresRow): FencedClaim {
  const task = claimedOf(taskRowOf(row))
  return {
    task,
    // What was under way keeps its place in the order, but has not waited.
    waitMs: task.dueAt === null ? 0 : numberOf(row.wait_ms),
    ageMs: numberOf(row.age_ms),
    isCancelAsked: row.cancel as boolean,
    fence: numberOf(row.fence),
  }
}

/** As `SharedDatabase.take`. `id`: one of `isTaskId`. */
export async function take(
  pool: Pool,
  session: string,
  id: string,
  number: number,
): Promise<FencedClaim | null> {
  const [row] = await pool.query(TAKE_SQL, [session, id, number])
  return row ? fencedOf(row) : null
}
