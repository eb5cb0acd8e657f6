import type { Clock, StopSignal } from '../ports.ts'
import type { TaskStore } from '../store/store.ts'
import type { Task } from '../task.ts'
import type { Moment } from './lifecycle.ts'
import type { RecordWaiter } from './record-limit.ts'

/**
 * Why a task is stopped from outside. `given up`: its caller was told that it was not started.
 * `lost`: another node may own it by now, so nothing more of it is recorded here.
 */
export type AbortReason = 'cancelled' | 'shutdown' | 'given up' | 'lost'

/** The store's method that remembers a task's next state. */
export type WriteVerb = keyof Pick<TaskStore, 'insert' | 'resume' | 'update'>

const NONE: readonly (() => void)[] = []

/**
 * A task that is being worked on: its latest state, and a way to stop it. It is a StopSignal of
 * its own: an AbortController for each would take time to make, and more to collect.
 */
export class Run implements StopSignal, RecordWaiter {
  #task: Task | null
  #abortReason: AbortReason | null = null
  /** One or two at a time: a Set of them would be a tenth of a task's garbage. */
  #listeners: readonly (() => void)[] = NONE
  /** The work on it. */
  working: Promise<void> | null = null
  /** Called when a record takes too long for whoever waits for the task's end. */
  giveUp: () => void = () => {}
  /** The state that is being recorded. */
  unrecorded: Task | null = null
  /** Since when, monotonic ms; null: none is. */
  recordingSince: number | null = null
  /** When the next attempt is due, by the monotonic clock; only while the task is unfinished. */
  dueTick = 0
  /** Attempts that the gate has passed over: each has used up a retry. */
  passedOver = 0

  /**
   * `deadlineFrom`: monotonic ms from which the deadline and the duration count.
   * `nextWrite`: `insert` or `resume` for the first write of a new run, `update` afterwards.
   */
  constructor(
    private readonly clock: Clock,
    readonly id: string,
    readonly deadlineFrom: number,
    task: Task | null = null,
    public nextWrite: WriteVerb = 'update',
  ) {
    this.#task = task
  }

  /** False for a queued task that has not been read from the store yet. */
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

  /** Resolves when the work is over, however it ended. */
  async finished(): Promise<void> {
    await this.working?.catch(() => {})
  }

  /** A step is on its way to the disk, until `recorded`. */
  recording(task: Task): void {
    this.unrecorded = task
    this.recordingSince = this.clock.monotonic()
  }

  /** The step is on disk. */
  recorded(task: Task): void {
    this.nextWrite = 'update'
    this.unrecorded = null
    this.recordingSince = null
    this.#task = task
  }

  /** It does nothing but wait for a record, and has done so for `ms`. */
  hasWaitedForRecord(ms: number): boolean {
    return this.recordingSince !== null && this.clock.monotonic() - this.recordingSince >= ms
  }

  get abortReason(): AbortReason | null {
    return this.#abortReason
  }

  get aborted(): boolean {
    return this.#abortReason !== null
  }

  /** Ends the request or the wait under way. False when it was aborted before. */
  abort(reason: AbortReason): boolean {
    if (this.#abortReason !== null) return false
    this.#abortReason = reason
    for (const listener of this.#listeners) {
      // One listener may remove another.
      if (this.#listeners.includes(listener)) listener()
    }
    return true
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = [...this.#listeners, listener]
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const others = this.#listeners.filter((each) => each !== listener)
    this.#listeners = others.length === 0 ? NONE : others
  }

  moment(): Moment {
    // A task can be cancelled before its delay is over.
    const elapsedMs = Math.max(0, this.clock.monotonic() - this.deadlineFrom)
    return { now: this.clock.now(), elapsedMs }
  }
}
