/** What goes, and what must be there in time: days and, within the newest ones, single tasks. */
import type { Retention as Limits } from '../store.ts'
import { dayAt } from './days.ts'
import type { Partitions } from './partitions.ts'
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

/** How many days ahead there are partitions. */
const DAYS_AHEAD = 3
/** How many tasks one statement forgets at most. */
const STEP = 500

const FINISHED_SQL = 'select coalesce(sum(tasks), 0)::int8 as tasks from orchestrator.counts'

/**
 * The oldest first. Whoever else forgets at the same time has others. `$1`: how many; `$2`: only
 * those that ended before, ms; `$3`: where the last step has ended: what it has deleted lies there
 * until vacuum comes, and would be looked through again and again.
 */
const FORGET_SQL = `with f as materialized (select id, completed_at from orchestrator.history
    where completed_at >= $3::int8 and completed_at < $2::int8
    order by completed_at limit $1::int4 for update skip locked),
  h as (delete from orchestrator.history h using f where h.id = f.id
    returning h.id, h.droplet_key, h.status),
  p as (delete from orchestrator.payload p using f where p.id = f.id),
  k as (delete from orchestrator.keys k using f where k.id = f.id),
  c as (insert into orchestrator.counts as c (day, droplet_key, status, writer, tasks)
    select orchestrator.day_of(id), droplet_key, status, $4::text, -count(*) from h
    group by 1, 2, 3 order by 1, 2, 3
    on conflict (day, droplet_key, status, writer) do update set tasks = c.tasks + excluded.tasks)
  select count(*)::int4 as tasks, max(f.completed_at) as last from f`

export class Retention {
  /** Finished tasks, as far as this node knows: others finish some, too. */
  #finished = 0
  #from = 0

  constructor(
    private readonly pool: Pool,
    private readonly partitions: Partitions,
    private readonly limits: Limits,
    private readonly writer: () => string,
  ) {}

  /** As `SharedDatabase.trim`. */
  async trim(now: number): Promise<boolean> {
    const today = dayAt(now)
    await this.partitions.ensure(Array.from({ length: DAYS_AHEAD + 1 }, (_, n) => today + n))
    const [row] = await this.pool.query(FINISHED_SQL)
    this.#finished = numberOf(row!.tasks)
    const excess = this.#finished - this.limits.maxFinished
    if (excess > 0) return (await this.#forget(Math.min(STEP, excess), Number.MAX_SAFE_INTEGER)) > 0
    if (this.limits.ttlMs <= 0) return false
    return (await this.#forget(STEP, now - this.limits.ttlMs)) === STEP
  }

  async #forget(most: number, before: number): Promise<number> {
    const values = [most, before, this.#from, this.writer()]
    const [row] = await this.pool.query(FORGET_SQL, values)
    const tasks = numberOf(row!.tasks)
    this.#finished -= tasks
    return tasks
  }
}
