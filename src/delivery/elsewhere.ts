/** Tasks that other nodes work on: how they end, and that they are to be cancelled. */
import { OrchestratorError } from '../errors.ts'
import type { Clock } from '../ports.ts'
import type { SharedWork } from '../store/shared/work.ts'
import type { TaskStore } from '../store/store.ts'
import { isFinished, type Task } from '../task.ts'

/** How often the database is asked for the ends that somebody waits for, ms; more for many. */
const MIN_ASK_MS = 100
const ASK_MS_A_TASK = 0.1
/** How long a cancel waits for the node that has the task, ms: longer than it may take, by far. */
const MAX_CANCEL_MS = 8000

export interface ElsewherePorts {
  clock: Clock
  store: Pick<TaskStore, 'find'>
}

type OnEnded = (task: Task) => void

export class Elsewhere {
  /** Who waits for a task's end. */
  readonly #watched = new Map<string, Set<OnEnded>>()
  #isAsking = false

  constructor(
    private readonly shared: Pick<SharedWork, 'askToCancel' | 'ended'>,
    private readonly ports: ElsewherePorts,
  ) {}

  /**
   * Calls back once the task has ended, wherever that was; it need not be there yet. The returned
   * function ends that.
   */
  watch(id: string, onEnded: OnEnded): () => void {
    const watching = this.#watched.get(id) ?? new Set()
    this.#watched.set(id, watching.add(onEnded))
    this.#askLater()
    return () => {
      watching.delete(onEnded)
      if (watching.size === 0 && this.#watched.get(id) === watching) this.#watched.delete(id)
    }
  }

  /**
   * Asks the node that has the task to cancel it. Resolves to the task as it ended; null: no node
   * has it. Rejects with STORE_UNAVAILABLE when that node does not answer.
   */
  async cancel(id: string): Promise<Task | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Task>()
    // Before it is asked for: it may end at once.
    const stopWatching = this.watch(id, resolve)
    const cancelTimer = this.ports.clock.after(MAX_CANCEL_MS, () => reject(noAnswer(id)))
    promise.catch(() => {})
    try {
      return (await this.shared.askToCancel(id)) ? await promise : null
    } finally {
      cancelTimer()
      stopWatching()
    }
  }

  #askLater(): void {
    if (this.#isAsking) return
    this.#isAsking = true
    const waitMs = Math.max(MIN_ASK_MS, this.#watched.size * ASK_MS_A_TASK)
    this.ports.clock.after(waitMs, () => {
      // What cannot be read now is asked for again.
      void this.#ask()
        .catch(() => {})
        .finally(() => {
          this.#isAsking = false
          if (this.#watched.size > 0) this.#askLater()
        })
    })
  }

  async #ask(): Promise<void> {
    if (this.#watched.size === 0) return
    const ended = await this.shared.ended([...this.#watched.keys()])
    await Promise.all(ended.map((id) => this.#tell(id)))
  }

  async #tell(id: string): Promise<void> {
    const task = await this.ports.store.find(id)
    if (!task || !isFinished(task)) return
    for (const onEnded of this.#watched.get(id) ?? []) onEnded(task)
  }
}

function noAnswer(id: string): OrchestratorError {
  const message =
    'The node that has the task does not answer; the task is cancelled when that node is back, or another has taken it over'
  return new OrchestratorError('STORE_UNAVAILABLE', message, { task_id: id })
}
