import type { Clock } from '../ports.ts'
import type { Task } from '../task.ts'
import type { Moment } from './lifecycle.ts'

/** Why a task is called off. */
export type Halt = 'cancelled' | 'shutdown'

/** A task in our hands: its latest state, on disk or on the way there, and its brake. */
export class Run {
  #task: Task | null
  #halted: Halt | null = null
  #brake: (() => void) | null = null
  /** Resolves when it is out of our hands. */
  done: Promise<void> = Promise.resolve()

  /** `bornTick`: when the task was accepted, or its delay over, by the monotonic clock. */
  constructor(
    private readonly clock: Clock,
    readonly bornTick: number,
    task: Task | null = null,
  ) {
    this.#task = task
  }

  /** False for a task taken from the line that has not been read from the store yet. */
  get loaded(): boolean {
    return this.#task !== null
  }

  get task(): Task {
    if (!this.#task) throw new Error('the task has not been read yet')
    return this.#task
  }

  set task(task: Task) {
    this.#task = task
  }

  get halted(): Halt | null {
    return this.#halted
  }

  /** Ends the request or the wait under way. The first reason counts. */
  halt(reason: Halt): void {
    this.#halted ??= reason
    this.#brake?.()
  }

  /** What `halt` does to what is under way now; an AbortSignal would cost each task 5 µs. */
  onHalt(brake: (() => void) | null): void {
    this.#brake = brake
  }

  /** Resolves in `ms`, or as soon as the run is halted. */
  async wait(ms: number): Promise<void> {
    if (this.#halted) return
    const halted = new AbortController()
    this.onHalt(() => halted.abort())
    await this.clock.sleep(ms, halted.signal)
    this.onHalt(null)
  }

  moment(): Moment {
    // A task can be cancelled before its delay is over.
    const elapsedMs = Math.max(0, this.clock.monotonic() - this.bornTick)
    return { now: this.clock.now(), elapsedMs }
  }
}
