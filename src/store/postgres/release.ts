/** How tasks lose their owner without an end: by being given back. */
import type { Hold } from '../shared/database.ts'
import { FREE_C } from './free-sql.ts'
import type { Pool } from './pool.ts'

const RELEASE_SQL = `with c as materialized (select l.id from orchestrator.live l
    join unnest($1::uuid[], $2::uuid[], $3::int8[], $4::int8[]) as w (id, session, fence, step)
      on l.id = any(array[w.id]) and l.owner is not distinct from w.session
      and l.fence is not distinct from w.fence and l.step <= w.step
    order by l.id for update of l)
  ${FREE_C}`

const UNCLAIM_SQL = `with c as materialized (select id from orchestrator.live
    where owner = $1::uuid and claim = any($2::int8[]) order by id for update)
  ${FREE_C}`

/** As `SharedDatabase.release`. */
export async function release(
  pool: Pool,
  holds: readonly (Hold & { readonly id: string })[],
): Promise<void> {
  const ids = holds.map(({ id }) => id)
  const sessions = holds.map(({ session }) => session)
  const fences = holds.map(({ fence }) => fence)
  const steps = holds.map(({ step }) => step)
  await pool.query(RELEASE_SQL, [ids, sessions, fences, steps])
}

/** As `SharedDatabase.unclaim`. */
export async function unclaim(
  pool: Pool,
  session: string,
  numbers: readonly number[],
): Promise<void> {
  await pool.query(UNCLAIM_SQL, [session, numbers])
}
