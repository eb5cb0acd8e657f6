/**
 * What goes: whole days where that can be, which costs next to nothing, and single tasks within
 * the newest ones; and what must be there in time: the partitions of the next days.
 */
import type { Retention } from '../store.ts'
import { dayAt } from './days.ts'
import { daysToDrop, type CandidateDay, type DayOfCounts } from './days-to-drop.ts'
import { dropOneOf } from './drop-day.ts'
import { FinishedCount } from './finished-count.ts'
import { FORGET_STEP } from './forget.ts'
import { Forgetting, type ForgettingPorts } from './forgetting.ts'
import { MERGED, mergeCounts } from './merge-counts.ts'
import type { Partitions } from './partitions.ts'
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

/** How many days ahead there are partitions. */
const DAYS_AHEAD = 3

const COUNTS_SQL = `select day, sum(tasks)::int8 as tasks, ${MERGED} as merged
  from orchestrator.counts group by day order by day desc`

const NOW_SQL = 'select floor(extract(epoch from now()) * 1000)::int8 as now'

export interface TrimmerPorts extends ForgettingPorts {
  readonly partitions: Partitions
}

export class Trimmer {
  readonly #finished: FinishedCount
  readonly #forgetting: Forgetting
  /** The latest question for what may go; never rejects. */
  #looking: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly ports: TrimmerPorts,
    private readonly limits: Retention,
  ) {
    this.#finished = new FinishedCount(limits.maxFinished)
    this.#forgetting = new Forgetting(ports, this.#finished)
  }

  /**
   * Resolves when what was too much by now is gone, as far as this node knows: lists wait for that.
   * For days they need not. Never rejects.
   */
  async settled(): Promise<void> {
    await this.#looking
    await this.#forgetting.settled()
  }

  stop(): void {
    this.#forgetting.stop()
  }

  /**
   * So many more have ended. What is too much by that goes a step's worth at a time: one by one as
   * they end, it took 45 µs of the server a task, a fifth of all.
   */
  committed(finished: number): void {
    this.#finished.add(finished)
    if (this.#finished.excess >= FORGET_STEP) this.#forgetting.catchUp(FORGET_STEP)
  }

  /** Asks how many there are. */
  async count(): Promise<DayOfCounts[]> {
    const counted = this.#finished.asking()
    const rows = await this.ports.pool.query(COUNTS_SQL)
    const days = rows.map((row) => ({
      day: row.day as number,
      tasks: numberOf(row.tasks),
      isMerged: row.merged as boolean,
    }))
    counted(days.reduce((sum, { tasks }) => sum + tasks, 0))
    return days
  }

  /** As `SharedDatabase.trim`. Days go first: of those, no single task need be forgotten. */
  async trim(now: number): Promise<boolean> {
    const looking = this.#look(now)
    this.#looking = looking.catch(() => {})
    const { days, cutoff } = await looking
    if (days.length > 0 && (await dropOneOf(days, this.ports))) return true
    if (this.#finished.excess <= 0 && cutoff === 0) return false
    return (await this.#forgetting.step(cutoff)) === FORGET_STEP
  }

  /** Which days may go, and the `cutoff` of `DayLimits`. */
  async #look(now: number): Promise<{ days: readonly CandidateDay[]; cutoff: number }> {
    const { partitions, pool } = this.ports
    await partitions.ensure(Array.from({ length: DAYS_AHEAD + 1 }, (_, n) => dayAt(now) + n))
    const [counts, databaseTime] = await Promise.all([this.count(), databaseNow(pool)])
    // By the clock of one node that is far ahead, the history of all would be too old.
    const sure = Math.min(now, databaseTime)
    const [{ maxFinished }, today, cutoff] = [this.limits, dayAt(sure), this.#cutoff(sure)]
    const apart = counts.find(({ day, isMerged }) => day < today - 1 && !isMerged)
    if (apart) await mergeCounts(pool, apart.day)
    const limits = { maxFinished, today, cutoff }
    return { days: daysToDrop(await partitions.days(), counts, limits), cutoff }
  }

  /** What ended before that is too old, ms; 0: nothing is. */
  #cutoff(now: number): number {
    return this.limits.ttlMs > 0 ? now - this.limits.ttlMs : 0
  }
}

/** Its wall clock, ms. */
async function databaseNow(pool: Pool): Promise<number> {
  const [row] = await pool.query(NOW_SQL)
  return numberOf(row!.now)
}
