/** What was taken for failed, and was written all the same. */
import { INTERRUPTED } from '../../task.ts'
import type { DoubtfulWrite } from '../shared/database.ts'
import { END, HEAD, namesOf, STATE } from './columns.ts'
import { countSql } from './count-sql.ts'
import type { Pool } from './pool.ts'

export interface Undo {
  readonly session: string
  /** Each of a task whose id is one of `isTaskId`. */
  readonly writes: readonly DoubtfulWrite[]
  /** The wall clock, ms. */
  readonly now: number
  /** Whose counts. */
  readonly writer: string
}

const HEADS = namesOf(HEAD).join(', ')
const STATES = namesOf(STATE, END).join(', ')

/** Whoever has had a task since has raised its fence; whoever has sent it again, its step. */
const UNDO_SQL = `with c as materialized (select l.id
    from (select * from unnest($2::uuid[], $5::int8[]) as u (id, step) order by id) as w
    cross join lateral (select id from orchestrator.live l
      where l.id = w.id and l.step = w.step and l.fence = l.first_fence
        and (l.owner = $1::uuid or l.owner is null) for update) l),
  d as (delete from orchestrator.live l using c where l.id = any(array[c.id]) returning l.*),
  p as (delete from orchestrator.payload p using d where p.id = d.id and not d.resumed),
  k as (delete from orchestrator.keys k using d where k.id = any(array[d.id]) and not d.resumed),
  s as (delete from orchestrator.secrets s using d where s.id = any(array[d.id])),
  h as (insert into orchestrator.history (id, ${HEADS}, ${STATES})
    select id, ${HEADS}, 'error', target_url, attempts, retry_count, null, null,
      '${INTERRUPTED}', $3::int8, greatest(0, $3::int8 - created_at)
    from d where resumed returning id, droplet_key, status)
  ${countSql('h', 1, '$4')}`

/** As `SharedDatabase.undo`. */
export async function undo(pool: Pool, { session, writes, now, writer }: Undo): Promise<void> {
  if (writes.length === 0) return
  const [ids, steps] = [writes.map(({ id }) => id), writes.map(({ step }) => step)]
  await pool.query(UNDO_SQL, [session, ids, now, writer, steps])
}
