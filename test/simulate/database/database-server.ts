/** The server that keeps the shared tables: it may be down, or take statements and not go on. */
import type { Retention } from '../../../src/store/store.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import { SharedTables } from './shared-tables.ts'
import type { TablesObserver } from './table-rows.ts'

/**
 * `stalled`: it takes statements, and goes on with them when it is healthy again. `read-only`: its
 * disk is full.
 */
export type ServerBehavior = 'healthy' | 'slow' | 'stalled' | 'read-only' | 'down'

/** It ends statements that take longer, ms. */
export const STATEMENT_TIMEOUT_MS = 10_000
/** How long one takes while it is slow, ms. */
const MAX_SLOW_MS = 2500

/** Who hears of what the tables do, and is told who has asked for it. */
export interface ServerObserver extends TablesObserver {
  asker: SimProcess | null
}

export class DatabaseServer {
  readonly tables: SharedTables
  readonly #random: Prng
  #behavior: ServerBehavior = 'healthy'
  #disturbedUntil = -1
  /** Statements that wait for it to go on. */
  #stalled: (() => void)[] = []

  constructor(
    readonly world: World,
    retention: Retention,
    private readonly observer: ServerObserver,
  ) {
    this.#random = world.random.fork('database')
    this.tables = new SharedTables(() => world.now, retention, observer)
  }

  get behavior(): ServerBehavior {
    return this.#behavior
  }

  /** When it last took no statements, or went on with none, simulated ms. */
  lastOutage = { from: -1, until: -1 }

  /** When it was last not healthy, simulated ms. */
  get disturbedUntil(): number {
    return this.#behavior === 'healthy' ? this.#disturbedUntil : this.world.now
  }

  setBehavior(behavior: ServerBehavior): void {
    const { world, tables } = this
    this.#disturbedUntil = this.disturbedUntil
    const was = this.#behavior
    this.#behavior = behavior
    this.#noteOutage()
    world.log(`database: ${behavior}`)
    if (was === behavior) return
    world.count(`the database: ${behavior}`)
    if (was === 'down') tables.startedAt = world.now
    const stalled = this.#stalled
    this.#stalled = []
    for (const go of stalled) world.after(0, go)
  }

  #noteOutage(): void {
    const { now } = this.world
    const isOut =
      this.#behavior === 'down' || this.#behavior === 'stalled' || this.#behavior === 'read-only'
    const { from, until } = this.lastOutage
    if (isOut && until < Infinity) this.lastOutage = { from: now, until: Infinity }
    if (!isOut && until === Infinity) this.lastOutage = { from, until: now }
  }

  /** Runs a statement that has arrived: now, or when it goes on. */
  whenReady(run: () => void, timedOut: () => void): void {
    if (this.#behavior === 'slow') {
      return void this.world.after(this.#random.between(1, MAX_SLOW_MS), run)
    }
    if (this.#behavior !== 'stalled') return run()
    const cancel = this.world.after(STATEMENT_TIMEOUT_MS, () => {
      isOver = true
      timedOut()
    })
    let isOver = false
    this.#stalled.push(() => {
      if (isOver) return
      cancel()
      run()
    })
  }

  /** Throws while it is down, or takes no writes. */
  run<T>(asker: SimProcess, isWrite: boolean, statement: (tables: SharedTables) => T): T {
    if (this.#behavior === 'down') throw new Error('Connection closed')
    if (isWrite && this.#behavior === 'read-only') throw new Error('No space left on device')
    this.observer.asker = asker
    try {
      return statement(this.tables)
    } finally {
      this.observer.asker = null
    }
  }
}
