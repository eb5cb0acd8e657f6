/** Simulated time: a queue of events, and nothing happens between them. */
import TinyQueue from 'tinyqueue'

interface Happening {
  readonly at: number
  readonly seq: number
  run: (() => void) | null
}

/** Times are multiples of it, so that sums and differences of them are exact. */
const GRAINS_PER_MS = 1024

export class Timeline {
  /** ms since the simulation began. */
  now = 0
  #seq = 0
  readonly #queue = new TinyQueue<Happening>([], (a, b) => a.at - b.at || a.seq - b.seq)

  /** Events for the same moment happen in the order in which they were planned. */
  after(ms: number, run: () => void): () => void {
    const delay = Math.ceil(Math.max(0, ms) * GRAINS_PER_MS) / GRAINS_PER_MS
    const happening: Happening = { at: this.now + delay, seq: this.#seq++, run }
    this.#queue.push(happening)
    return () => {
      happening.run = null
    }
  }

  /** Moves to the next event and lets it happen; false when none is left before `end`. */
  step(end: number): boolean {
    for (;;) {
      const next = this.#queue.peek()
      if (!next || next.at > end) return false
      this.#queue.pop()
      if (!next.run) continue
      this.now = next.at
      next.run()
      return true
    }
  }
}
