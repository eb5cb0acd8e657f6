/** Makes the counts of all writers one. */
import { SCHEMA_LOCK } from './migrate.ts'
import type { Pool } from './pool.ts'

/** A writer that no node is. */
const ALL = ''

/** Of the counts in a group: whether all are of that one. */
export const MERGED = `bool_and(writer = '${ALL}')`

// It passes over what is being written, so it waits for no commit. A commit that wants what is
// deleted here waits for this one statement, and makes the row anew. Who drops the day has the
// lock: he would delete the old rows, and not see the new one.
const MERGE_SQL = `with w as materialized (
    select droplet_key, status, writer from orchestrator.counts
    where day = $1::int4 and writer <> '${ALL}'
      and (select pg_try_advisory_xact_lock(${SCHEMA_LOCK})) for update skip locked),
  d as (delete from orchestrator.counts c using w where c.day = $1::int4
    and (c.droplet_key, c.status, c.writer) = (w.droplet_key, w.status, w.writer)
    returning c.droplet_key, c.status, c.tasks)
  insert into orchestrator.counts as c (day, droplet_key, status, writer, tasks)
  select $1::int4, droplet_key, status, '${ALL}', sum(tasks) from d group by 2, 3 order by 2, 3
  on conflict (day, droplet_key, status, writer) do update set tasks = c.tasks + excluded.tasks`

/**
 * Of one day, which should be past: each node that has ever written has rows of its own, and where
 * their names change, those would become many.
 */
export async function mergeCounts(pool: Pool, day: number): Promise<void> {
  await pool.query(MERGE_SQL, [day])
}
