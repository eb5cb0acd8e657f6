import TinyQueue from 'tinyqueue'
import type { Clock } from '../ports.ts'

/** A mesh of many droplets that hang must not take up our connections and memory. */
const MAX_AT_ONCE = 64
/** Nor one of very many our time: their turns come later, then. About 500 a second. */
const MAX_PER_WINDOW = 50
const WINDOW_MS = 100

interface Turn<T> {
  readonly at: number
  readonly item: T
}

/** Who is probed when. One timer, however many wait; who is overdue longest is next. */
export class ProbeQueue<T> {
  readonly #turns = new TinyQueue<Turn<T>>([], (one, other) => one.at - other.at)
  readonly #running = new Set<Promise<void>>()
  #windowStart = -Infinity
  #inWindow = 0
  #armedFor = Infinity
  #cancelTimer = () => {}
  #stopped = false

  /** `run` must not reject. */
  constructor(
    private readonly clock: Clock,
    private readonly run: (item: T) => Promise<void>,
  ) {}

  /** `ms` from now. */
  add(item: T, ms: number): void {
    if (this.#stopped) return
    this.#turns.push({ at: this.clock.monotonic() + ms, item })
    this.#arm()
  }

  /** Resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer()
    this.#turns.data = []
    this.#turns.length = 0
    await Promise.all(this.#running)
  }

  #arm(): void {
    const next = this.#turns.peek()
    // When all places are taken, the first that is free again takes the next turn.
    if (this.#stopped || !next || this.#running.size >= MAX_AT_ONCE) return
    const isFull = this.#inWindow >= MAX_PER_WINDOW
    const at = isFull ? Math.max(next.at, this.#windowStart + WINDOW_MS) : next.at
    if (at >= this.#armedFor) return
    this.#cancelTimer()
    this.#armedFor = at
    this.#cancelTimer = this.clock.after(Math.max(0, at - this.clock.monotonic()), () => {
      this.#armedFor = Infinity
      this.#takeTurns()
    })
  }

  #takeTurns(): void {
    const now = this.clock.monotonic()
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now
      this.#inWindow = 0
    }
    while (this.#running.size < MAX_AT_ONCE && this.#inWindow < MAX_PER_WINDOW) {
      const next = this.#turns.peek()
      if (!next || next.at > now) break
      this.#turns.pop()
      this.#inWindow++
      this.#start(next.item)
    }
    this.#arm()
  }

  #start(item: T): void {
    const running = this.run(item).finally(() => {
      this.#running.delete(running)
      this.#arm()
    })
    this.#running.add(running)
  }
}
