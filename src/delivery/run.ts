import type { Clock } from '../ports.ts'
import type { Task } from '../task.ts'
import type { Halt } from './attempt.ts'
import type { Moment } from './lifecycle.ts'

/** A task in our hands: its latest state, on disk or on the way there, and its brake. */
export class Run {
  readonly #halt = new AbortController()
  #task: Task | null = null
  /** Resolves when it is out of our hands. */
  done: Promise<void> = Promise.resolve()

  /** `bornTick`: when the task was accepted, or its delay over, by the monotonic clock. */
  constructor(
    private readonly clock: Clock,
    readonly bornTick: number,
    task?: Task,
  ) {
    if (task) this.#task = task
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

  get signal(): AbortSignal {
    return this.#halt.signal
  }

  /** Ends the request or the wait under way. The first reason counts. */
  halt(reason: Halt): void {
    if (!this.signal.aborted) this.#halt.abort(reason)
  }

  moment(): Moment {
    return { now: this.clock.now(), elapsedMs: this.clock.monotonic() - this.bornTick }
  }
}
