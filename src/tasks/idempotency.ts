/**
 * Idempotency keys (draft-ietf-httpapi-idempotency-key-header): however often a request is sent,
 * it runs once. The store has the keys of accepted tasks. Here are those of the requests that are
 * being served now: of two that arrive together, one runs.
 */
import { OrchestratorError } from '../errors.ts'
import { isInterrupted } from '../delivery/lifecycle.ts'
import { isFinished, type Task } from '../task.ts'
import type { Fingerprint } from './fingerprint.ts'

/** The request that came first with its key, while it is being served. */
interface Holder {
  taskId: string
  fingerprint: Fingerprint
  /** The task that used the key before. */
  previous: Promise<Task | null>
}

export type KeyUse =
  | { kind: 'repeated'; task: Task }
  /** `previous`: the interrupted task that is to run again. */
  | { kind: 'first'; previous: Task | null; release(): void }

export class IdempotencyKeys {
  readonly #held = new Map<string, Holder>()

  constructor(private readonly findByKey: (key: string) => Promise<Task | null>) {}

  /**
   * Decides who runs. The first must `release` the key when its task has ended or waits in the
   * queue. Throws IDEMPOTENCY_KEY_IN_USE and IDEMPOTENCY_KEY_REUSED.
   */
  async use(key: string, taskId: string, fingerprint: Fingerprint): Promise<KeyUse> {
    const holder = this.#held.get(key)
    if (holder) return this.#repeatOrRefuse(holder, fingerprint)
    const previous = this.findByKey(key)
    this.#held.set(key, { taskId, fingerprint, previous })
    const release = () => void this.#held.delete(key)
    try {
      const task = await previous
      if (!task) return { kind: 'first', previous: null, release }
      if (isRerun(task, fingerprint)) return { kind: 'first', previous: task, release }
      release()
      return repeat(task, fingerprint)
    } catch (error) {
      release()
      throw error
    }
  }

  async #repeatOrRefuse(holder: Holder, fingerprint: Fingerprint): Promise<KeyUse> {
    const previous = await holder.previous
    if (previous && !isRerun(previous, holder.fingerprint)) return repeat(previous, fingerprint)
    if (holder.fingerprint.text !== fingerprint.text) throw reused()
    throw inUse(previous?.id ?? holder.taskId)
  }
}

function isRerun(task: Task, fingerprint: Fingerprint): boolean {
  return isInterrupted(task) && fingerprint.matches(task.fingerprint)
}

function repeat(task: Task, fingerprint: Fingerprint): KeyUse {
  if (!fingerprint.matches(task.fingerprint)) throw reused()
  if (!isFinished(task)) throw inUse(task.id)
  return { kind: 'repeated', task }
}

function reused(): OrchestratorError {
  return new OrchestratorError(
    'IDEMPOTENCY_KEY_REUSED',
    'The Idempotency-Key was used for another request',
  )
}

function inUse(taskId: string): OrchestratorError {
  return new OrchestratorError(
    'IDEMPOTENCY_KEY_IN_USE',
    'The first request with this Idempotency-Key is still running',
    { task_id: taskId },
  )
}
