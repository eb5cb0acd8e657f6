/** Asynchronous tasks waiting for their time and their turn. Holds no payloads. */
import TinyQueue from 'tinyqueue'

export interface Waiting {
  readonly id: string
  /** The droplet's name in lower case. */
  readonly droplet: string
  /** Monotonic ms from which it may run. */
  readonly dueTick: number
  /** Monotonic ms since which its deadline counts. */
  readonly bornTick: number
  /** It has had an attempt already: its state is running, not queued. */
  readonly begun: boolean
}

/** A line per droplet, each oldest due first, so that passing over one droplet costs nothing. */
export class WaitingLine {
  readonly #lines = new Map<string, TinyQueue<Waiting>>()
  readonly #byId = new Map<string, Waiting>()
  #begun = 0

  get size(): number {
    return this.#byId.size
  }

  /** Those in line that have had an attempt already. */
  get begun(): number {
    return this.#begun
  }

  add(waiting: Waiting): void {
    let line = this.#lines.get(waiting.droplet)
    if (!line) {
      line = new TinyQueue<Waiting>([], (a, b) => a.dueTick - b.dueTick)
      this.#lines.set(waiting.droplet, line)
    }
    line.push(waiting)
    this.#byId.set(waiting.id, waiting)
    if (waiting.begun) this.#begun++
  }

  /** Takes a task out of the line; undefined when it isn't in it. */
  remove(id: string): Waiting | undefined {
    const waiting = this.#byId.get(id)
    if (!waiting) return undefined
    this.#byId.delete(id)
    if (waiting.begun) this.#begun--
    return waiting
  }

  /** The oldest due task of those droplets that may run one, taken out of the line. */
  take(tick: number, mayRun: (droplet: string) => boolean): Waiting | undefined {
    let oldest: Waiting | undefined
    for (const [droplet, line] of this.#lines) {
      const head = this.#head(droplet, line)
      if (!head || head.dueTick > tick) continue
      if ((!oldest || head.dueTick < oldest.dueTick) && mayRun(droplet)) oldest = head
    }
    return oldest && this.remove(oldest.id)
  }

  /** When the next task is due that isn't yet at `tick`; null when there is none. */
  nextDueAfter(tick: number): number | null {
    let next: number | null = null
    for (const [droplet, line] of this.#lines) {
      const head = this.#head(droplet, line)
      if (head && head.dueTick > tick && (next === null || head.dueTick < next)) next = head.dueTick
    }
    return next
  }

  #head(droplet: string, line: TinyQueue<Waiting>): Waiting | undefined {
    let head = line.peek()
    // Removed ones stay in the heap until they surface.
    while (head && this.#byId.get(head.id) !== head) {
      line.pop()
      head = line.peek()
    }
    if (!head) this.#lines.delete(droplet)
    return head
  }
}
