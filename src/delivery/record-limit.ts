/** No caller waits for ever for a disk that takes nothing, whether it fails or hangs. */
import { Bag } from '../bag.ts'
import { OrchestratorError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { Task } from '../task.ts'

/**
 * How long somebody waits for one step of a task to be recorded, ms. Together with CHECK_MS less
 * than the 10 s in which a caller is to be told.
 */
export const MAX_RECORD_MS = 8000
const CHECK_MS = 1000

/** Somebody who waits for a task whose steps are being recorded. */
export interface RecordWaiter {
  /** Monotonic ms; null: no step is being recorded now. */
  readonly recordingSince: number | null
  /** Ends the wait. Called once at most. */
  giveUp(): void
}

/** One timer for all: a timer for each step would cost each task. */
export class RecordLimit {
  readonly #waiters = new Bag<RecordWaiter>()
  #cancelTimer: (() => void) | null = null
  /** Set as soon as somebody asks. */
  #emptied: PromiseWithResolvers<void> | null = null

  constructor(private readonly clock: Clock) {}

  /** Returns what takes the waiter out again: to be called however its wait ends. */
  add(waiter: RecordWaiter): () => void {
    const place = this.#waiters.add(waiter)
    this.#cancelTimer ??= this.clock.after(CHECK_MS, () => this.#check())
    return () => this.#remove(place, waiter)
  }

  #remove(place: number, waiter: RecordWaiter): void {
    this.#waiters.remove(place, waiter)
    if (this.#waiters.size === 0) this.#emptied?.resolve()
  }

  /** Resolves once nobody waits. */
  async emptied(): Promise<void> {
    if (this.#waiters.size === 0) return
    this.#emptied ??= Promise.withResolvers()
    await this.#emptied.promise
  }

  /** All who still wait for a record give up now: the service ends. */
  end(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#giveUp(0)
  }

  #check(): void {
    this.#giveUp(MAX_RECORD_MS)
    const again = this.#waiters.size > 0
    this.#cancelTimer = again ? this.clock.after(CHECK_MS, () => this.#check()) : null
  }

  #giveUp(afterMs: number): void {
    const latest = this.clock.monotonic() - afterMs
    for (const [place, waiter] of this.#waiters.entries()) {
      if (waiter.recordingSince === null || waiter.recordingSince > latest) continue
      this.#remove(place, waiter)
      waiter.giveUp()
    }
  }
}

/**
 * The error for those who wait for a task whose latest step is not on disk. `task` has that step;
 * null: it is not known. `delivered` in its details is true when the droplet has answered, false
 * when nothing was sent, and null when a request was sent and what became of it is not known.
 */
export function notRecorded(id: string, task: Task | null): OrchestratorError {
  return new OrchestratorError(
    'STORE_UNAVAILABLE',
    'What became of the task cannot be written to disk now; it will be as soon as that works again',
    { task_id: id, ...(task && deliveryOf(task)) },
  )
}

function deliveryOf({ attempts }: Task) {
  const answered = attempts.findLast(({ responseStatus }) => responseStatus !== null)
  if (answered) return { delivered: true, response_status: answered.responseStatus }
  // An attempt that has not ended waits for its record, and is sent after that.
  const wasSent = attempts.some(({ durationMs, interrupted }) => durationMs !== null || interrupted)
  return { delivered: wasSent ? null : false, response_status: null }
}
