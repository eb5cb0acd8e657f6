import type { Clock } from '../ports.ts'

/** Unknown names cause at most one sync in this time. */
const INTERVAL_MS = 1000

interface Waiting {
  readonly promise: Promise<void>
  resolve(): void
}

export interface LookUpsOptions {
  clock: Clock
  /** Syncs now, or waits for the sync in flight. Must not reject. */
  refresh: () => Promise<void>
}

/**
 * Those who asked for a name that is not listed. A droplet may have registered just before the
 * question, so only a sync that begins after it says that the droplet is not there. However many
 * ask, they share it.
 */
export class LookUps {
  readonly #options: LookUpsOptions
  #begun = 0
  /** While a sync is in flight: who waits for its end. */
  #current: Waiting | null = null
  /** Who waits for the end of the next one. */
  #following: Waiting | null = null
  #lastAt = -Infinity
  #cancelTimer = () => {}
  #released = false

  constructor(options: LookUpsOptions) {
    this.#options = options
  }

  get released(): boolean {
    return this.#released
  }

  /** Runs a sync, whatever it is for: it serves all who asked before it began. */
  async during(sync: () => Promise<void>): Promise<void> {
    this.#begun++
    this.#cancelTimer()
    const current = this.#following ?? Promise.withResolvers<void>()
    this.#following = null
    this.#current = current
    await sync()
    this.#current = null
    current.resolve()
  }

  /** Resolves as soon as a sync has ended after which `isKnown`, or that began from now on. */
  async ask(isKnown: () => boolean): Promise<void> {
    const begunBefore = this.#begun
    // It began before the question, but may bring the name all the same.
    if (!this.#released) await this.#current?.promise
    if (this.#released || isKnown()) return
    if (this.#begun > begunBefore) await this.#current?.promise
    else await (this.#following ?? this.#plan()).promise
  }

  /** Lets go of all who wait; nobody waits from now on. */
  release(): void {
    this.#released = true
    this.#cancelTimer()
    this.#current?.resolve()
    this.#following?.resolve()
    this.#following = null
  }

  #plan(): Waiting {
    const { clock } = this.#options
    const waiting = Promise.withResolvers<void>()
    this.#following = waiting
    const wait = this.#lastAt + INTERVAL_MS - clock.monotonic()
    if (wait <= 0) void this.#syncFor(waiting)
    else this.#cancelTimer = clock.after(wait, () => void this.#syncFor(waiting))
    return waiting
  }

  async #syncFor(waiting: Waiting): Promise<void> {
    const { clock, refresh } = this.#options
    this.#lastAt = clock.monotonic()
    // Once more when another sync was in flight still.
    while (this.#following === waiting) await refresh()
  }
}
