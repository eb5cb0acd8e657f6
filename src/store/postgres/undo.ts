/** What was taken for failed, and was written all the same. */
import { END, HEAD, namesOf, STATE } from './columns.ts'
import type { Pool } from './pool.ts'

export interface Undo {
  readonly session: string
  /** Each one of `isTaskId`. */
  readonly ids: readonly string[]
  /** The wall clock, ms. */
  readonly now: number
  /** Whose counts. */
  readonly writer: string
}

const HEADS = namesOf(HEAD).join(', ')
const STATES = namesOf(STATE, END).join(', ')

/** Whoever has had a task since has raised its fence. */
const UNDO_SQL = `with c as materialized (select id from orchestrator.live
    where id = any($2::uuid[]) and (owner = $1::uuid or owner is null) and fence = first_fence
    order by id for update),
  d as (delete from orchestrator.live l using c where l.id = any(array[c.id]) returning l.*),
  p as (delete from orchestrator.payload p using d where p.id = d.id and not d.resumed),
  k as (delete from orchestrator.keys k using d where k.id = any(array[d.id]) and not d.resumed),
  s as (delete from orchestrator.secrets s using d where s.id = any(array[d.id])),
  h as (insert into orchestrator.history (id, ${HEADS}, ${STATES})
    select id, ${HEADS}, 'error', target_url, attempts, retry_count, null, null,
      'interrupted by a restart', $3::int8, greatest(0, $3::int8 - created_at)
    from d where resumed returning id, droplet_key, status)
  insert into orchestrator.counts as c (day, droplet_key, status, writer, tasks)
  select orchestrator.day_of(id), droplet_key, status, $4::text, count(*) from h
  group by 1, 2, 3 order by 1, 2, 3
  on conflict (day, droplet_key, status, writer) do update set tasks = c.tasks + excluded.tasks`

/** As `SharedDatabase.undo`. */
export async function undo(pool: Pool, { session, ids, now, writer }: Undo): Promise<void> {
  if (ids.length > 0) await pool.query(UNDO_SQL, [session, ids, now, writer])
}
