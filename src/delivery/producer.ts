/**
 * Brings tasks that nobody owns to this node's queue, where several nodes share a store: as many as
 * the queue can make use of. It asks when it is told of work, when a slot is released and there was
 * more than it could take, and else from time to time: nothing depends on being told.
 */
import { errorText } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { Claim, SharedWork } from '../store/shared/work.ts'

/** Between two questions where the last one has brought something, and where none has, ms. */
const MIN_WAIT_MS = 50
const MAX_WAIT_MS = 1000
/** A question for fewer than this part of the slots waits until it is due: each costs the same. */
const MIN_PART = 1 / 2

export interface ProducerPorts {
  clock: Clock
  log: Log
  /** What the queue can make use of now. */
  wanted(): { readonly count: number; readonly except: readonly string[] }
  /** The most that it ever can. */
  concurrency: number
  adopt(claim: Claim): void
  /** What is not wanted any more may be given back. */
  beforeAsking(): void
}

export class Producer {
  // It asks → has the answer → asks again, for what has come meanwhile, or waits: until it is told,
  // until a slot is released, or for some time. While it is quiet, what it is told must wait.
  #started = false
  #isAsking = false
  /** Why to ask once more: what has come while it was asking. A slot is the better reason. */
  #again: null | 'told' | 'slot' = null
  /** Until then, monotonic ms: the last question brought nothing, though droplets were left out. */
  #quietUntil = -Infinity
  /** The last question has brought all that was wanted. */
  #hasMore = false
  /** The droplets that the last question has left out. */
  #except: readonly string[] = []
  #isFailing = false
  /** When the database was asked last, monotonic ms. */
  #askedTick = -Infinity
  #waitMs = MIN_WAIT_MS
  #questions = 0
  #cancelTimer: () => void = () => {}

  constructor(
    private readonly shared: Pick<SharedWork, 'claim' | 'node'>,
    private readonly ports: ProducerPorts,
  ) {}

  start(): void {
    this.#started = true
    this.#ask()
  }

  /** Claims nothing more. May be called again. */
  stop(): void {
    this.#started = false
    this.#cancelTimer()
  }

  /** There may be something to claim. */
  work(): void {
    this.#waitMs = MIN_WAIT_MS
    if (!this.#started) return
    if (this.#isAsking) this.#again ??= 'told'
    else this.#askAsTold()
  }

  /**
   * At once, but not for each of a thousand tasks of a droplet that is left out: a question for each
   * commit of those took half as much of the database as the commits.
   */
  #askAsTold(): void {
    const quietMs = this.#quietUntil - this.ports.clock.monotonic()
    if (quietMs > 0) this.#askAfter(quietMs)
    else this.#askIfWorthwhile()
  }

  /** A slot was released. */
  slot(): void {
    if (this.#hasMore || this.#mayHaveLeftOut()) this.#askIfWorthwhile()
  }

  /** There may be more of a droplet that would not be left out any more. */
  #mayHaveLeftOut(): boolean {
    if (this.#except.length === 0) return false
    const now = new Set(this.ports.wanted().except)
    return this.#except.some((droplet) => !now.has(droplet))
  }

  #askIfWorthwhile(): void {
    if (!this.#started) return
    if (this.#isAsking) this.#again = 'slot'
    else if (this.ports.wanted().count >= this.ports.concurrency * MIN_PART) this.#ask()
  }

  #ask(): void {
    this.#cancelTimer()
    this.#isAsking = true
    this.#again = null
    void this.#claim().then((isBusy) => {
      this.#isAsking = false
      this.#waitMs = isBusy ? MIN_WAIT_MS : Math.min(2 * this.#waitMs, MAX_WAIT_MS)
      const isQuiet = !isBusy && this.#except.length > 0
      this.#quietUntil = isQuiet ? this.ports.clock.monotonic() + MIN_WAIT_MS : -Infinity
      if (!this.#started) return
      this.#askAfter(this.#jittered(this.#waitMs))
      if (this.#again === 'slot' || this.#hasMore) this.#askIfWorthwhile()
      else if (this.#again === 'told') this.#askAsTold()
    })
  }

  #askAfter(ms: number): void {
    this.#cancelTimer()
    this.#cancelTimer = this.ports.clock.after(ms, () => this.#ask())
  }

  /** True: there was something to do. Never rejects. */
  async #claim(): Promise<boolean> {
    const { adopt, beforeAsking, clock, log, wanted } = this.ports
    beforeAsking()
    const { count, except } = wanted()
    this.#hasMore = false
    this.#except = except
    // Nothing is free: the next slot that is asks again. But what has passed its deadline needs none.
    const isTooSoon = clock.monotonic() - this.#askedTick < MAX_WAIT_MS
    if (count === 0 && isTooSoon) return (this.#hasMore = true)
    this.#askedTick = clock.monotonic()
    try {
      const claims = await this.shared.claim(count, except)
      this.#isFailing = false
      this.#hasMore = claims.length >= count
      for (const claim of claims) adopt(claim)
      return claims.length > 0
    } catch (error) {
      // Until it works again, once.
      if (!this.#isFailing) log.warning('no tasks can be claimed', { error: errorText(error) })
      this.#isFailing = true
      return false
    }
  }

  /** A quarter more or less: nodes that start together do not go on asking together. */
  #jittered(ms: number): number {
    const text = `${this.shared.node.name} ${this.#questions++}`
    return ms * (0.75 + Bun.hash.xxHash32(text) / 2 ** 33)
  }
}
