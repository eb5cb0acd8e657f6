/** What a node does again and again in a shared database, for itself and for the others. */
import { errorText } from '../../errors.ts'
import type { Clock, Log } from '../../ports.ts'
import type { SharedDatabase } from './database.ts'
import type { Doubts } from './doubts.ts'
import type { Lease } from './lease.ts'

/** A cancellation arrives within that time where no notification does, ms. */
const CANCEL_MS = 750
/** How old the number of waiting tasks may be, ms; and how far they are counted. */
const BACKLOG_MS = 5000
const MAX_BACKLOG = 10_000_000
/** Tasks of dead nodes that one statement frees: some 10 ms. */
const RESCUE_SIZE = 500

export interface RoundsPorts {
  database: SharedDatabase
  lease: Lease
  doubts: Doubts
  leaseMs: number
  clock: Clock
  log: Log
  onCancelled(ids: readonly string[]): void
  /** Tasks of dead nodes may be claimed. */
  onFreed(): void
}

export class Rounds {
  backlog = 0
  #stopped = false
  #isAskingForCancelled = false
  readonly #cancelTimers = new Map<string, () => void>()

  constructor(private readonly ports: RoundsPorts) {}

  start(): void {
    this.#every('cancelled', CANCEL_MS, () => this.#askForCancelled())
    this.#every('backlog', BACKLOG_MS, () => this.#count())
    this.#every('rescue', this.ports.leaseMs / 3, () => this.#rescue())
    this.#every('undo', this.ports.leaseMs / 3, () => this.#undo())
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of this.#cancelTimers.values()) cancel()
  }

  /** At once: somebody has told of one. */
  askForCancelled(): void {
    if (!this.#isAskingForCancelled) void this.#askForCancelled().catch(() => {})
  }

  /** One at a time, with `ms` in between. What fails is tried again next time. */
  #every(name: string, ms: number, work: () => Promise<void>): void {
    if (this.#stopped) return
    const round = async () => {
      await work().catch((error) => {
        this.ports.log.debug('a round in the database has failed', {
          name,
          error: errorText(error),
        })
      })
      this.#every(name, ms, work)
    }
    this.#cancelTimers.set(
      name,
      this.ports.clock.after(ms, () => void round()),
    )
  }

  async #askForCancelled(): Promise<void> {
    const { session } = this.ports.lease
    if (session === null) return
    this.#isAskingForCancelled = true
    try {
      const ids = await this.ports.database.cancelled(session)
      if (ids.length > 0 && this.ports.lease.session === session) this.ports.onCancelled(ids)
    } finally {
      this.#isAskingForCancelled = false
    }
  }

  async #count(): Promise<void> {
    this.backlog = await this.ports.database.unowned(MAX_BACKLOG)
  }

  async #rescue(): Promise<void> {
    const { database, lease, leaseMs, log, onFreed } = this.ports
    let all = 0
    for (let freed = RESCUE_SIZE; freed === RESCUE_SIZE && lease.mayRescue && !this.#stopped;) {
      freed = await database.rescue(RESCUE_SIZE, leaseMs)
      all += freed
    }
    if (all === 0) return
    log.info('freed the tasks of nodes that are not heard of any more', { tasks: all })
    onFreed()
  }

  async #undo(): Promise<void> {
    const { clock, database, doubts } = this.ports
    const tick = clock.monotonic()
    for (const [session, ids] of doubts.bySession) await database.undo(session, ids, clock.now())
    doubts.undone(tick)
  }
}
