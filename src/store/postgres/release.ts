/** How tasks lose their owner without an end: by being given back. */
import type { Hold } from '../shared/database.ts'
import type { Pool } from './pool.ts'

const RELEASE_SQL = `with c as materialized (select l.id from orchestrator.live l
    join unnest($1::uuid[], $2::uuid[], $3::int8[]) as w (id, session, fence)
      on l.id = w.id and l.owner is not distinct from w.session and l.fence = w.fence
    order by l.id for update of l)
  update orchestrator.live l set owner = null, cancel = false from c where l.id = c.id`

/** As `SharedDatabase.release`. */
export async function release(
  pool: Pool,
  holds: readonly (Hold & { readonly id: string })[],
): Promise<void> {
  const ids = holds.map(({ id }) => id)
  const sessions = holds.map(({ session }) => session)
  await pool.query(RELEASE_SQL, [ids, sessions, holds.map(({ fence }) => fence)])
}
