/** Callers that wait for the end of a task. */
import type { Elsewhere } from '../delivery/elsewhere.ts'
import type { EventBus } from '../events.ts'
import type { Clock } from '../ports.ts'
import type { Task } from '../task.ts'
import { tooManyWait } from './task-errors.ts'

export interface Waiter {
  /** The task, as soon as it has ended; null when the time is over, or the service stops. */
  readonly ended: Promise<Task | null>
  /** The same, without waiting; null as long as it has not ended. Known until `cancel`. */
  readonly endedTask: Task | null
  /** Ends the wait: to be called in any case. May be called again. */
  cancel(): void
}

type Release = (task: Task | null) => void

/** As many callers may wait at once: each holds a connection and a timer. */
export const MAX_WAITERS = 10_000

export class Waiters {
  readonly #byTask = new Map<string, Set<Release>>()
  #size = 0

  constructor(
    private readonly clock: Clock,
    events: EventBus,
    /** Tells of tasks that end on other nodes; null: there are none. */
    private readonly elsewhere: Pick<Elsewhere, 'watch'> | null = null,
    private readonly maxWaiters = MAX_WAITERS,
  ) {
    events.on('ended', ({ task }) => this.#release(task.id, task))
  }

  /**
   * Waits for the end of a task, which need not exist yet, for at most `ms`. Throws OVERLOADED when
   * too many wait.
   */
  wait(id: string, ms: number): Waiter {
    if (this.#size >= this.maxWaiters) throw tooManyWait(this.maxWaiters)
    this.#size++
    const { promise: ended, resolve } = Promise.withResolvers<Task | null>()
    let endedTask: Task | null = null
    const release: Release = (task) => {
      endedTask ??= task
      cancelTimer()
      resolve(task)
    }
    const cancelTimer = this.clock.after(ms, () => release(null))
    const stopWatching = this.elsewhere?.watch(id, release)
    const waiting = this.#byTask.get(id) ?? new Set()
    this.#byTask.set(id, waiting.add(release))
    return {
      ended,
      get endedTask() {
        return endedTask
      },
      cancel: () => {
        stopWatching?.()
        release(null)
        this.#remove(id, release)
      },
    }
  }

  /** Nobody waits any longer: the service stops. */
  releaseAll(): void {
    for (const id of this.#byTask.keys()) this.#release(id, null)
  }

  #release(id: string, task: Task | null): void {
    const waiting = this.#byTask.get(id)
    // Nobody waits for most tasks.
    if (waiting) for (const release of waiting) release(task)
  }

  #remove(id: string, release: Release): void {
    const waiting = this.#byTask.get(id)
    if (waiting?.delete(release)) this.#size--
    if (waiting?.size === 0) this.#byTask.delete(id)
  }
}
