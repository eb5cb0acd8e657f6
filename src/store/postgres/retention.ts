/**
 * What goes: whole days where that can be, which costs next to nothing, and single tasks within
 * the newest ones; and what must be there in time: the partitions of the next days.
 */
import type { Clock } from '../../ports.ts'
import type { Retention as Limits } from '../store.ts'
import { dayAt } from './days.ts'
import { daysToDrop, type CandidateDay, type DayOfCounts } from './days-to-drop.ts'
import { dropOneOf } from './drop-day.ts'
import { forget } from './forget.ts'
import type { Partitions } from './partitions.ts'
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

/** How many days ahead there are partitions. */
const DAYS_AHEAD = 3
/** How many tasks one statement forgets at most: some 20 ms. */
const STEP = 500
/** How long what has come late, or was somebody else's, may stay behind, ms. */
const LOOK_BACK_MS = 60_000

const COUNTS_SQL = `select day, sum(tasks)::int8 as tasks from orchestrator.counts
  group by day order by day desc`

export interface RetentionPorts {
  readonly pool: Pool
  readonly partitions: Partitions
  readonly clock: Clock
  /** Whose counts: nobody else's at the same time. */
  writer(): string
}

export class Retention {
  /** Finished tasks, as far as this node knows: others finish some, too. */
  #finished = 0
  /** Where the last step has ended, ms; and when the next one starts at the beginning again. */
  #from = 0
  #lookBackTick = 0
  /** Steps that are under way. */
  #steps: Promise<unknown> = Promise.resolve()
  #isCatchingUp = false
  #stopped = false

  constructor(
    private readonly ports: RetentionPorts,
    private readonly limits: Limits,
  ) {}

  /** Resolves when what was too much is gone, as far as that is under way. Never rejects. */
  get settled(): Promise<unknown> {
    return this.#steps
  }

  stop(): void {
    this.#stopped = true
  }

  /** Asks how many there are. */
  async count(): Promise<DayOfCounts[]> {
    const rows = await this.ports.pool.query(COUNTS_SQL)
    const days = rows.map(({ day, tasks }) => ({ day: day as number, tasks: numberOf(tasks) }))
    this.#finished = days.reduce((sum, { tasks }) => sum + tasks, 0)
    return days
  }

  /** So many more have ended. What is too much by that goes at once, but nobody waits for it. */
  committed(finished: number): void {
    this.#finished += finished
    if (this.#excess <= 0 || this.#isCatchingUp || this.#stopped) return
    this.#isCatchingUp = true
    // The next `trim` tells what is wrong.
    this.#steps = this.#catchUp().catch(() => {})
  }

  get #excess(): number {
    return this.#finished - this.limits.maxFinished
  }

  async #catchUp(): Promise<void> {
    try {
      let gone = 1
      while (this.#excess > 0 && gone > 0 && !this.#stopped) gone = await this.#forgetExcess()
    } finally {
      this.#isCatchingUp = false
    }
  }

  /** As `SharedDatabase.trim`. Days go first: of those, no single task need be forgotten. */
  async trim(now: number): Promise<boolean> {
    const days = await this.#tracked(this.#trimUnlessDays(now))
    if (typeof days === 'boolean') return days
    const { pool, partitions } = this.ports
    if (await dropOneOf(days, { pool, partitions }, this.#cutoff(now))) return true
    return this.#tracked(this.#forgetSome(now))
  }

  /** Lists wait for that: for days they need not. */
  #tracked<T>(step: Promise<T>): Promise<T> {
    this.#steps = step.catch(() => {})
    return step
  }

  /** The days that may go; where there are none, it forgets single tasks. */
  async #trimUnlessDays(now: number): Promise<CandidateDay[] | boolean> {
    const { partitions } = this.ports
    const today = dayAt(now)
    await partitions.ensure(Array.from({ length: DAYS_AHEAD + 1 }, (_, n) => today + n))
    const counts = await this.count()
    const limits = { maxFinished: this.limits.maxFinished, today, cutoff: this.#cutoff(now) }
    const days = daysToDrop(await partitions.days(), counts, limits)
    return days.length > 0 ? days : this.#forgetSome(now)
  }

  /** Whether there may be more. */
  async #forgetSome(now: number): Promise<boolean> {
    if (this.#excess > 0) return (await this.#forgetExcess()) > 0
    const cutoff = this.#cutoff(now)
    return cutoff > 0 && (await this.#forget(STEP, cutoff)) === STEP
  }

  /** What ended before that is too old, ms; 0: nothing is. */
  #cutoff(now: number): number {
    return this.limits.ttlMs > 0 ? now - this.limits.ttlMs : 0
  }

  #forgetExcess(): Promise<number> {
    return this.#forget(Math.min(STEP, this.#excess), Number.MAX_SAFE_INTEGER)
  }

  async #forget(most: number, before: number): Promise<number> {
    const { clock, pool, writer } = this.ports
    if (clock.monotonic() >= this.#lookBackTick) {
      this.#lookBackTick = clock.monotonic() + LOOK_BACK_MS
      this.#from = 0
    }
    const from = this.#from
    const { tasks, last } = await forget(pool, { most, before, from, writer: writer() })
    this.#finished -= tasks
    this.#from = last ?? from
    return tasks
  }
}
