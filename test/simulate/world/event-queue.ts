/** Simulated time: a queue of events; nothing happens between them. */
import TinyQueue from 'tinyqueue'

interface ScheduledEvent {
  readonly at: number
  readonly seq: number
  run: (() => void) | null
}

/** Times are multiples of a tick, so that their sums and differences are exact. */
const TICKS_PER_MS = 1024

export class EventQueue {
  /** ms since the simulation began. */
  now = 0
  #seq = 0
  readonly #queue = new TinyQueue<ScheduledEvent>([], (a, b) => a.at - b.at || a.seq - b.seq)

  /** Events for the same moment run in the order in which they were scheduled. */
  after(ms: number, run: () => void): () => void {
    const delay = Math.ceil(Math.max(0, ms) * TICKS_PER_MS) / TICKS_PER_MS
    const event: ScheduledEvent = { at: this.now + delay, seq: this.#seq++, run }
    this.#queue.push(event)
    return () => {
      event.run = null
    }
  }

  /** Moves to the next event and runs it; false when none is left before `end`. */
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
