/** What a node does again and again in a shared database, for itself and for the others. */
import { errorText } from '../../errors.ts'
import type { Clock, Log } from '../../ports.ts'
import type { SharedDatabase } from './database.ts'
import type { Lease } from './lease.ts'
import { RepeatedFailure } from './repeated-failure.ts'
import type { DeadNode } from './work.ts'

/** A cancellation arrives within that time where no notification does, ms. */
const CANCEL_MS = 750
/** One failure may be a connection that was ended; two in a row are an outage. */
const FAILURES_TO_TELL = 2
/**
 * A single failure is an outage, too, when the last answer is older than this, ms: a silent
 * connection fails only after 8 s.
 */
const MAX_SILENCE_MS = 5000
/** How long a task stays that was refused and written all the same: meanwhile it may be run, ms. */
const UNDO_MS = 5000
/** How old the number of waiting tasks may be, ms. */
const BACKLOG_MS = 5000
/** Where tasks wait, and few may: for each that may, ms; but no less. An old one refuses too many. */
const BACKLOG_MS_A_TASK = 0.05
const MIN_BACKLOG_MS = 250
/** Tasks of dead nodes that one statement frees: some 10 ms. */
const RESCUE_SIZE = 500

export interface RoundsPorts {
  database: SharedDatabase
  lease: Lease
  /** Undoes what has failed and may have been done. */
  undo(): Promise<void>
  leaseMs: number
  /** How far the tasks that nobody owns are counted. */
  maxBacklog: number
  clock: Clock
  log: Log
  onCancelled(ids: readonly string[]): void
  /** Tasks of dead nodes may be claimed. */
  onFreed(): void
}

export class Rounds {
  #backlog = 0
  backlogDueMs = 0
  #failures = 0
  /** Monotonic ms. */
  #answeredTick = 0
  #isUnanswered = false
  #stopped = false
  #isAskingForCancelled = false
  readonly #cancelTimers = new Map<string, () => void>()

  constructor(private readonly ports: RoundsPorts) {}

  /** The database does not answer; why not, only the log says. */
  get isUnanswered(): boolean {
    return this.#isUnanswered
  }

  get backlog(): number {
    return this.#backlog
  }

  /** So many more are nobody's, or so many less. */
  addToBacklog(tasks: number): void {
    this.#backlog = Math.max(0, this.#backlog + tasks)
  }

  /** The database has just answered. */
  start(): void {
    this.#answeredTick = this.ports.clock.monotonic()
    this.#every('cancelled', CANCEL_MS, () => this.#askForCancelled())
    this.#every('backlog', BACKLOG_MS, () => this.#count())
    const soonMs = Math.max(MIN_BACKLOG_MS, this.ports.maxBacklog * BACKLOG_MS_A_TASK)
    if (soonMs < BACKLOG_MS) this.#every('backlog soon', soonMs, () => this.#countAgain())
    this.#every('rescue', this.ports.leaseMs / 3, () => this.#rescue())
    this.#every('undo', UNDO_MS, () => this.ports.undo())
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#cancelTimers.values()) cancel()
  }

  /** At once: somebody has told of one. */
  askForCancelled(): void {
    if (!this.#isAskingForCancelled) void this.#askForCancelled()
  }

  /** One at a time, with `ms` in between. What fails is tried again next time. */
  #every(name: string, ms: number, work: () => Promise<void>): void {
    const { clock, log } = this.ports
    const failure = new RepeatedFailure(log, name, FAILURES_TO_TELL)
    const later = () => {
      if (this.#stopped) return
      const cancel = clock.after(ms, () => void this.#round(work, failure).then(later))
      this.#cancelTimers.set(name, cancel)
    }
    later()
  }

  /** Never rejects. */
  async #round(work: () => Promise<void>, failure: RepeatedFailure): Promise<void> {
    try {
      await work()
      failure.worked()
    } catch (error) {
      // Of a database that is away there is a line already.
      if (!this.#isUnanswered) failure.failed(error)
    }
  }

  /** Never rejects. Asked most often of all, it also tells whether the database is there. */
  async #askForCancelled(): Promise<void> {
    const { session } = this.ports.lease
    if (session === null) return
    this.#isAskingForCancelled = true
    try {
      const ids = await this.ports.database.cancelled(session)
      this.#answered()
      if (ids.length > 0 && this.ports.lease.session === session) this.ports.onCancelled(ids)
    } catch (error) {
      this.#failed(errorText(error))
    } finally {
      this.#isAskingForCancelled = false
    }
  }

  #answered(): void {
    this.#failures = 0
    this.#answeredTick = this.ports.clock.monotonic()
    if (!this.#isUnanswered) return
    this.#isUnanswered = false
    this.ports.log.info('the database answers again')
  }

  #failed(error: string): void {
    const silentMs = this.ports.clock.monotonic() - this.#answeredTick
    if (++this.#failures < FAILURES_TO_TELL && silentMs < MAX_SILENCE_MS) return
    if (!this.#isUnanswered) this.ports.log.error('the database does not answer', { error })
    this.#isUnanswered = true
  }

  /** Others may have claimed what was added here. */
  async #countAgain(): Promise<void> {
    if (this.#backlog > 0) await this.#count()
  }

  async #count(): Promise<void> {
    const { database, maxBacklog } = this.ports
    this.#backlog = await database.unowned(maxBacklog)
    this.backlogDueMs = await database.unownedDueMs()
  }

  async #rescue(): Promise<void> {
    const { database, lease, leaseMs, onFreed } = this.ports
    if (!lease.mayRescue) return
    for (const dead of await database.declareDead(lease.latest!, leaseMs)) this.#tellOf(dead)
    let all = 0
    for (let freed = RESCUE_SIZE; freed === RESCUE_SIZE && lease.mayRescue && !this.#stopped;) {
      freed = await database.rescue(RESCUE_SIZE)
      all += freed
    }
    if (all > 0) onFreed()
  }

  #tellOf({ name, session, seenAgoMs, asyncTasks, syncTasks }: DeadNode): void {
    this.ports.log.warning('a node is taken for dead: its tasks are left to others', {
      node: name,
      session,
      seen_ago_ms: seenAgoMs,
      requeued: asyncTasks,
      interrupted: syncTasks,
    })
  }
}
