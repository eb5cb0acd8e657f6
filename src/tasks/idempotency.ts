/**
 * Idempotency keys (draft-ietf-httpapi-idempotency-key-header): however often a request is sent,
 * it runs once. The store has the keys of accepted tasks. Here are those of the requests that are
 * being served now: of two that arrive together, one runs.
 */
import type { OrchestratorError } from '../errors.ts'
import { isInterrupted } from '../delivery/lifecycle.ts'
import { isFinished, type Task } from '../task.ts'
import type { Fingerprint } from './fingerprint.ts'
import { keyInUse, keyReused } from './task-errors.ts'

/** A request that wants to use a key. */
export interface KeyedRequest {
  /** Of the task that it would make. */
  taskId: string
  dropletName: string
  fingerprint: Fingerprint
  /** Whether its caller may see the tasks of a droplet. */
  maySee(dropletName: string): boolean
}

/** The request that came first with its key, while it is being served. */
interface Holder extends KeyedRequest {
  /** The task that used the key before. */
  previous: Promise<Task | null>
  /** There is a task of it. */
  isAccepted: boolean
  /** Resolves when there is one, or the key was released. Set as soon as somebody asks. */
  decided: PromiseWithResolvers<void> | null
}

interface Box {
  holder: Holder | null
}

export type KeyUse =
  | { kind: 'repeated'; task: Task }
  /** `previous`: the interrupted task that is to run again. */
  | { kind: 'first'; previous: Task | null; release(): void }

export class IdempotencyKeys {
  /**
   * Each in a box that `release` empties: the Map's old tables keep the box for long, but no longer
   * what was in it (see `Bag`).
   */
  readonly #held = new Map<string, Box>()

  constructor(private readonly findByKey: (key: string) => Promise<Task | null>) {}

  /**
   * Decides which request with a key runs. The first one does, and must `release` the key when its
   * task has ended, waits in the queue, or was refused. A later one waits until the first has a
   * task on disk, and then throws IDEMPOTENCY_KEY_IN_USE, or IDEMPOTENCY_KEY_REUSED if it is
   * another request; if the first was refused instead, the key is decided anew. `hasWaited`: this
   * request has waited so once, and does not again: else it might wait without end.
   */
  async use(key: string, request: KeyedRequest, hasWaited = false): Promise<KeyUse> {
    const holder = this.#held.get(key)?.holder
    if (holder) return this.#repeatOrRefuse(holder, key, request, hasWaited)
    const previous = this.findByKey(key)
    const first: Holder = { ...request, previous, isAccepted: false, decided: null }
    const box: Box = { holder: first }
    this.#held.set(key, box)
    const release = () => {
      box.holder = null
      this.#held.delete(key)
      first.decided?.resolve()
    }
    try {
      const task = await previous
      if (!task) return { kind: 'first', previous: null, release }
      if (isRerun(task, request.fingerprint)) return { kind: 'first', previous: task, release }
      release()
      return repeat(task, request)
    } catch (error) {
      release()
      throw error
    }
  }

  /** The task of the request that holds the key is on disk. */
  accepted(key: string): void {
    const holder = this.#held.get(key)?.holder
    if (!holder) return
    holder.isAccepted = true
    holder.decided?.resolve()
  }

  async #repeatOrRefuse(
    holder: Holder,
    key: string,
    request: KeyedRequest,
    hasWaited: boolean,
  ): Promise<KeyUse> {
    const previous = await holder.previous
    if (previous && !isRerun(previous, holder.fingerprint)) {
      // The holder was refused. It has let go of the key, and this may be the right request.
      if (isRerun(previous, request.fingerprint)) return this.use(key, request)
      return repeat(previous, request)
    }
    // The holder may still wait at the gate, and be refused: then this one may run.
    if (!holder.isAccepted && !hasWaited) {
      await (holder.decided ??= Promise.withResolvers()).promise
      if (!holder.isAccepted) return this.use(key, request, true)
    }
    const id = previous?.id ?? holder.taskId
    if (holder.fingerprint.text === request.fingerprint.text) throw keyInUse(id)
    throw reused({ id, dropletName: holder.dropletName }, request)
  }
}

function isRerun(task: Task, fingerprint: Fingerprint): boolean {
  return isInterrupted(task) && fingerprint.matches(task.fingerprint)
}

function repeat(task: Task, request: KeyedRequest): KeyUse {
  if (!request.fingerprint.matches(task.fingerprint)) throw reused(task, request)
  if (!isFinished(task)) throw keyInUse(task.id)
  return { kind: 'repeated', task }
}

/** Names the task that has the key, unless its caller may not see that. */
function reused(
  { id, dropletName }: Pick<Task, 'id' | 'dropletName'>,
  { maySee }: KeyedRequest,
): OrchestratorError {
  return keyReused(maySee(dropletName) ? id : null)
}
