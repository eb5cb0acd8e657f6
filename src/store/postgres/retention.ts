/**
 * What goes: whole days where that can be, which costs next to nothing, and single tasks within
 * the newest ones; and what must be there in time: the partitions of the next days.
 */
import type { Clock } from '../../ports.ts'
import type { Retention as Limits } from '../store.ts'
import { dayAt } from './days.ts'
import { daysToDrop, type CandidateDay, type DayOfCounts } from './days-to-drop.ts'
import { dropOneOf } from './drop-day.ts'
import { forget, FORGET_STEP } from './forget.ts'
import type { Partitions } from './partitions.ts'
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

/** How many days ahead there are partitions. */
const DAYS_AHEAD = 3
/** How long what has come late, or was somebody else's, may stay behind, ms. */
const LOOK_BACK_MS = 60_000

const COUNTS_SQL = `select day, sum(tasks)::int8 as tasks from orchestrator.counts
  group by day order by day desc`

const NOW_SQL = 'select floor(extract(epoch from now()) * 1000)::int8 as now'

export interface RetentionPorts {
  readonly pool: Pool
  readonly partitions: Partitions
  readonly clock: Clock
  /** Whose counts: nobody else's at the same time. */
  writer(): string
}

interface DaysToDrop {
  readonly days: readonly CandidateDay[]
  /** As in `DayLimits`. */
  readonly cutoff: number
}

export class Retention {
  /** Finished tasks, as far as this node knows: others finish some, too. */
  #finished = 0
  /** How many this node has added so far: what is asked for meanwhile may not have the latest. */
  #added = 0
  /** Where the last step has ended, ms; and when the next one starts at the beginning again. */
  #from = 0
  #lookBackTick = 0
  /** What is under way; never rejects. */
  #step: Promise<unknown> = Promise.resolve()
  #isCatchingUp = false
  /** Fewer are let be for now: a step costs nearly the same, however many go. */
  #least = FORGET_STEP
  #stopped = false

  constructor(
    private readonly ports: RetentionPorts,
    private readonly limits: Limits,
  ) {}

  /**
   * Resolves when what was too much by now is gone, as far as this node knows: after the step that
   * is under way, and the next. Never rejects.
   */
  async settled(): Promise<void> {
    if (this.#excess > 0) this.#forgetWhile(1)
    await this.#step
    if (this.#isCatchingUp) await this.#step
  }

  stop(): void {
    this.#stopped = true
  }

  /** Asks how many there are. */
  async count(): Promise<DayOfCounts[]> {
    const added = this.#added
    const rows = await this.ports.pool.query(COUNTS_SQL)
    const days = rows.map(({ day, tasks }) => ({ day: day as number, tasks: numberOf(tasks) }))
    this.#counted(
      days.reduce((sum, { tasks }) => sum + tasks, 0),
      added,
    )
    return days
  }

  /** There were so many at some moment since `added`. */
  #counted(finished: number, added: number): void {
    this.#finished = finished + this.#added - added
  }

  /**
   * So many more have ended. What is too much by that goes a step's worth at a time (one by one as
   * they end, it took 45 µs of the server a task, a fifth of all), and nobody waits for it.
   */
  committed(finished: number): void {
    this.#finished += finished
    this.#added += finished
    if (this.#excess >= FORGET_STEP) this.#forgetWhile(FORGET_STEP)
  }

  /** While so many are too many, at least. */
  #forgetWhile(least: number): void {
    this.#least = Math.min(this.#least, least)
    if (this.#isCatchingUp || this.#stopped) return
    this.#isCatchingUp = true
    // The next `trim` tells what is wrong.
    this.#catchUp().catch(() => {})
  }

  get #excess(): number {
    return this.#finished - this.limits.maxFinished
  }

  async #catchUp(): Promise<void> {
    try {
      for (let added = -1, gone = 1; this.#excess >= this.#least && !this.#stopped;) {
        if (gone === 0 && added === this.#added) return
        added = this.#added
        gone = await this.#tracked(this.#forget(0))
      }
    } finally {
      this.#isCatchingUp = false
      this.#least = FORGET_STEP
    }
  }

  /** As `SharedDatabase.trim`. Days go first: of those, no single task need be forgotten. */
  async trim(now: number): Promise<boolean> {
    const trimmed = await this.#tracked(this.#trimUnlessDays(now))
    if (typeof trimmed === 'boolean') return trimmed
    const { days, cutoff } = trimmed
    if (await dropOneOf(days, this.ports)) return true
    return this.#tracked(this.#forgetSome(cutoff))
  }

  /** Lists wait for that: for days they need not. */
  #tracked<T>(step: Promise<T>): Promise<T> {
    this.#step = step.catch(() => {})
    return step
  }

  /** The days that may go; where there are none, it forgets single tasks. */
  async #trimUnlessDays(now: number): Promise<DaysToDrop | boolean> {
    const { partitions, pool } = this.ports
    await partitions.ensure(Array.from({ length: DAYS_AHEAD + 1 }, (_, n) => dayAt(now) + n))
    const [counts, databaseTime] = await Promise.all([this.count(), databaseNow(pool)])
    // By the clock of one node that is far ahead, the history of all would be too old.
    const sure = Math.min(now, databaseTime)
    const [{ maxFinished }, today, cutoff] = [this.limits, dayAt(sure), this.#cutoff(sure)]
    const days = daysToDrop(await partitions.days(), counts, { maxFinished, today, cutoff })
    return days.length > 0 ? { days, cutoff } : this.#forgetSome(cutoff)
  }

  /** Whether there may be more. */
  async #forgetSome(cutoff: number): Promise<boolean> {
    if (this.#excess <= 0 && cutoff === 0) return false
    return (await this.#forget(cutoff)) === FORGET_STEP
  }

  /** What ended before that is too old, ms; 0: nothing is. */
  #cutoff(now: number): number {
    return this.limits.ttlMs > 0 ? now - this.limits.ttlMs : 0
  }

  /** A step's worth of what is too much, or ended before `cutoff`, ms. Returns how many. */
  async #forget(cutoff: number): Promise<number> {
    const { clock, pool, writer } = this.ports
    if (clock.monotonic() >= this.#lookBackTick) {
      this.#lookBackTick = clock.monotonic() + LOOK_BACK_MS
      this.#from = 0
    }
    const [from, added] = [this.#from, this.#added]
    const { maxFinished } = this.limits
    const { tasks, last, left } = await forget(pool, {
      maxFinished,
      cutoff,
      from,
      writer: writer(),
    })
    if (left !== null) this.#counted(left, added)
    this.#from = last ?? from
    return tasks
  }
}

/** Its wall clock, ms. */
async function databaseNow(pool: Pool): Promise<number> {
  const [row] = await pool.query(NOW_SQL)
  return numberOf(row!.now)
}
