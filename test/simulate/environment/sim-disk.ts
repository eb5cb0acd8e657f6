/** The disk: the real SQLite history, in memory; it outlives the processes, and can be disturbed. */
import type { RefusedWrite, StoreDriver, Write } from '../../../src/store/driver.ts'
import { DatabaseLocked } from '../../../src/store/driver.ts'
import { SmallDiskConnection } from './small-disk.ts'
import { SqliteHistory } from '../../../src/store/sqlite/history.ts'
import { callHistory, type Verb } from '../../../src/store/sqlite/verbs.ts'
import type { Retention } from '../../../src/store/store.ts'
import type { CrashPoints } from '../faults/crash-points.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { SimStore } from '../service/sim-store.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import { StoreThread } from './store-thread.ts'

/** `locked`: by another process. */
export type DiskBehavior = 'healthy' | 'slow' | 'locked' | 'read-only' | 'failing'

export interface DiskObserver {
  /** The service asks for a commit. */
  commitRequested(writes: readonly Write[]): void
  /** It is on disk; the service doesn't know yet. */
  committed(process: SimProcess, writes: readonly Write[]): void
  /** The service is about to know. */
  acknowledged(process: SimProcess, writes: readonly Write[]): void
  /** SQLite wrote the neighbours of this write, but not the write. */
  refused(write: Write, reason: RefusedWrite['reason']): void
  /** A process that has just started is about to get the unfinished tasks. */
  recovering(): void
  unexpectedError(text: string, taskId?: string | null): void
}

/** A question that takes longer excuses the service for that time. */
const MAX_PROMPT_MS = 100
/** A lock that lasts less long is waited for. */
const MIN_OUTAGE_MS = 4900
/** A store whose write was refused tries again after 1 s. */
const STORE_RETRY_MS = 1200

export class SimDisk implements SimStore {
  /** The file: it outlives the processes. */
  readonly #connection: SmallDiskConnection
  #history: SqliteHistory
  readonly random: Prng
  #behavior: DiskBehavior = 'healthy'
  #disturbedUntil = 0
  #brokenUntil = 0
  #lockedSince = Infinity
  #thread: StoreThread | null = null

  constructor(
    readonly world: World,
    private readonly retention: Retention,
    readonly observer: DiskObserver,
    readonly crashPoints: CrashPoints,
  ) {
    this.random = world.random.fork('disk')
    this.#connection = new SmallDiskConnection(this.random, () => world.count('logs written back'))
    this.#history = this.#openHistory()
  }

  /** Until when the service has to wait for it, simulated ms. */
  get disturbedUntil(): number {
    const { now } = this.world
    const latest = this.#behavior === 'healthy' ? 0 : now + STORE_RETRY_MS
    return Math.max(this.#disturbedUntil, latest)
  }

  /** Until when it may refuse writes, simulated ms: a lock of a moment is no reason for that. */
  get brokenUntil(): number {
    const { now } = this.world
    const isLock = this.#behavior === 'locked' && now - this.#lockedSince < MIN_OUTAGE_MS
    if (this.#behavior === 'healthy' || isLock) return this.#brokenUntil
    return now + STORE_RETRY_MS
  }

  /** No question of the current process is unanswered. */
  get idle(): boolean {
    return this.#thread === null || this.#thread.pending === 0
  }

  setBehavior(behavior: DiskBehavior): void {
    this.#disturbedUntil = this.disturbedUntil
    this.#brokenUntil = this.brokenUntil
    this.#behavior = behavior
    if (behavior === 'locked') this.#lockedSince = this.world.now
    this.world.log(`disk: ${behavior}`)
  }

  /** As the process that runs now has it, or the last one had it. */
  get history(): SqliteHistory {
    return this.#history
  }

  has(id: string): boolean {
    return this.#history.find(id) !== null
  }

  /** The store's thread of one process, which opens the file anew. */
  driver(process: SimProcess): StoreDriver {
    this.#history = this.#openHistory()
    this.#thread = new StoreThread(this, process)
    return this.#thread.driver
  }

  /** Throws as SQLite does. */
  perform(verb: Verb, args: unknown[]): unknown {
    if (verb === 'close') return null
    if (this.#behavior === 'failing') throw new Error('disk I/O error')
    const writes = verb === 'commit' || verb === 'catchUp' || verb === 'trim'
    if (this.#behavior === 'locked' && writes) throw new DatabaseLocked('database is locked')
    if (this.#behavior === 'read-only' && writes) throw new Error('database or disk is full')
    return callHistory(this.#history, verb, args) ?? null
  }

  latencyMs(verb: Verb): number {
    const ms = this.#drawLatency(verb)
    if (ms > MAX_PROMPT_MS) {
      // Whoever gives up a read that waits behind it asks again a second later.
      const end = this.world.now + ms + STORE_RETRY_MS
      this.#disturbedUntil = Math.max(this.#disturbedUntil, end)
      this.#brokenUntil = Math.max(this.#brokenUntil, this.world.now + ms)
    }
    return ms
  }

  #openHistory(): SqliteHistory {
    return new SqliteHistory(this.#connection, this.retention)
  }

  #drawLatency(verb: Verb): number {
    const { random } = this
    if (this.#behavior === 'slow') return random.between(10, 3000)
    if (random.chance(0.002)) return random.between(50, 400)
    return verb === 'commit' || verb === 'catchUp'
      ? random.between(0.2, 6)
      : random.between(0.02, 0.5)
  }
}
