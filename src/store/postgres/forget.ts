/** Deletes single finished tasks, with all that belongs to them. */
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

export interface Excess {
  /** How many at most. */
  readonly most: number
  /** Only those that ended before that, ms. */
  readonly before: number
  /**
   * Only those that ended then or later, ms: what was deleted last lies before it until vacuum
   * comes, and would be looked through again and again.
   */
  readonly from: number
  /** Whose counts. */
  readonly writer: string
}

/** The oldest first. Whoever else forgets at the same time takes others. */
const FORGET_SQL = `with f as materialized (select id, completed_at from orchestrator.history
    where completed_at >= $3::int8 and completed_at < $2::int8
    order by completed_at, id limit $1::int4 for update skip locked),
  h as (delete from orchestrator.history h using f where h.id = f.id
    returning h.id, h.droplet_key, h.status),
  p as (delete from orchestrator.payload p using f where p.id = f.id),
  k as (delete from orchestrator.keys k using f where k.id = f.id),
  c as (insert into orchestrator.counts as c (day, droplet_key, status, writer, tasks)
    select orchestrator.day_of(id), droplet_key, status, $4::text, -count(*) from h
    group by 1, 2, 3 order by 1, 2, 3
    on conflict (day, droplet_key, status, writer) do update set tasks = c.tasks + excluded.tasks)
  select count(*)::int4 as tasks, max(completed_at) as last from f`

/** How many there were, and when the last of them had ended, ms; null: there was none. */
export async function forget(
  pool: Pool,
  { most, before, from, writer }: Excess,
): Promise<{ tasks: number; last: number | null }> {
  const [row] = await pool.query(FORGET_SQL, [most, before, from, writer])
  const { tasks, last } = row!
  return { tasks: numberOf(tasks), last: last === null ? null : numberOf(last) }
}
