/** Asynchronous tasks that wait for their time and for a slot. Holds no payloads. */
import TinyQueue from 'tinyqueue'

export interface WaitingTask {
  readonly id: string
  /** The droplet's name in lower case. */
  readonly droplet: string
  /** Monotonic ms from which it may run. */
  readonly dueTick: number
  /** Monotonic ms from which its deadline counts. */
  readonly deadlineFrom: number
  /** It has had an attempt already: its state is running, not queued. */
  readonly isRetry: boolean
}

/** The tasks of one droplet, oldest due first. */
interface DropletQueue {
  heap: TinyQueue<WaitingTask>
  /** How many in the heap have been taken out: they stay until they come to its top. */
  removed: number
}

/** From so many on, the heap is made anew when most of it is removed: of cancelled tasks. */
const MIN_REMOVED = 64

const byDueTick = (a: WaitingTask, b: WaitingTask) => a.dueTick - b.dueTick

/** A queue per droplet, each oldest due first: a droplet without a slot is passed over at once. */
export class WaitQueue {
  readonly #queues = new Map<string, DropletQueue>()
  /** A Map, though tasks come and go in it (see `Bag`): what it keeps too long is small. */
  readonly #byId = new Map<string, WaitingTask>()
  #retries = 0

  get size(): number {
    return this.#byId.size
  }

  /** How many of them have had an attempt already. */
  get retries(): number {
    return this.#retries
  }

  add(waiting: WaitingTask): void {
    let queue = this.#queues.get(waiting.droplet)
    if (!queue) {
      queue = { heap: new TinyQueue([], byDueTick), removed: 0 }
      this.#queues.set(waiting.droplet, queue)
    }
    queue.heap.push(waiting)
    this.#byId.set(waiting.id, waiting)
    if (waiting.isRetry) this.#retries++
  }

  /** Takes a task out; undefined when it is not there. */
  remove(id: string): WaitingTask | undefined {
    const waiting = this.#byId.get(id)
    if (!waiting) return undefined
    this.#byId.delete(id)
    if (waiting.isRetry) this.#retries--
    this.#countRemoved(waiting.droplet)
    return waiting
  }

  #countRemoved(droplet: string): void {
    const queue = this.#queues.get(droplet)!
    queue.removed++
    if (queue.removed < MIN_REMOVED || 2 * queue.removed < queue.heap.length) return
    queue.heap = new TinyQueue(queue.heap.data.filter(this.#isWaiting), byDueTick)
    queue.removed = 0
  }

  #isWaiting = (task: WaitingTask): boolean => this.#byId.get(task.id) === task

  /** Takes out the oldest due task of those droplets that may run one. */
  take(tick: number, mayRun: (droplet: string) => boolean): WaitingTask | undefined {
    let oldest: WaitingTask | undefined
    for (const [droplet, queue] of this.#queues) {
      const head = this.#head(droplet, queue)
      if (!head || head.dueTick > tick) continue
      if ((!oldest || head.dueTick < oldest.dueTick) && mayRun(droplet)) oldest = head
    }
    return oldest && this.remove(oldest.id)
  }

  /** The earliest due time after `tick`; null when there is none. */
  nextDueAfter(tick: number): number | null {
    let next: number | null = null
    for (const [droplet, queue] of this.#queues) {
      const head = this.#head(droplet, queue)
      if (head && head.dueTick > tick && (next === null || head.dueTick < next)) next = head.dueTick
    }
    return next
  }

  #head(droplet: string, queue: DropletQueue): WaitingTask | undefined {
    let head = queue.heap.peek()
    while (head && !this.#isWaiting(head)) {
      queue.heap.pop()
      queue.removed--
      head = queue.heap.peek()
    }
    if (!head) this.#queues.delete(droplet)
    return head
  }
}
