/** The callers' calls to one node that have no answer yet. */
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'

export interface Call {
  readonly kind: 'submit' | 'find' | 'cancel' | 'list' | 'replay'
  readonly requestId: string
  /** What is asked for, for the trace. */
  readonly text: string
  readonly process: SimProcess
  readonly startedAt: number
  /** The task that it asks about: find, cancel, replay. */
  readonly about: string | null
  /** The task that it created or had run again, once that is on disk: submit, replay. */
  created: string | null
  /** How long the answer may take, ms; Infinity: as long as a task may. */
  readonly maxWaitMs: number
  /** Idempotency-Key. */
  readonly key: string | null
  /** The body: equal for equal requests. */
  readonly body: string | null
  /** The process crashed before there was an answer. */
  readonly onConnectionLost?: () => void
}

export function subjectOf({ about, created }: Call): string | null {
  return created ?? about
}

export class CallModels {
  readonly #open = new Map<string, Call>()
  /** Of all nodes. */
  readonly #lastAnswers: Map<string, number>
  readonly #bodies: Map<string, Set<string>>

  constructor(
    private readonly world: World,
    others: CallModels | null,
  ) {
    this.#lastAnswers = others ? others.#lastAnswers : new Map()
    this.#bodies = others ? others.#bodies : new Map()
  }

  get open(): Iterable<Call> {
    return this.#open.values()
  }

  get openCount(): number {
    return this.#open.size
  }

  /** The bodies that were sent with an Idempotency-Key. */
  bodiesFor(key: string | null): number {
    return this.#bodies.get(key ?? '')?.size ?? 0
  }

  /** When a call with this key was last answered, simulated ms; 0: never. */
  lastAnswerFor(key: string | null): number {
    return this.#lastAnswers.get(key ?? '') ?? 0
  }

  start(call: Call): void {
    this.#open.set(call.requestId, call)
    if (call.key === null || call.body === null) return
    this.#bodies.set(call.key, (this.#bodies.get(call.key) ?? new Set()).add(call.body))
  }

  end(call: Call): void {
    if (call.key !== null) this.#lastAnswers.set(call.key, this.world.now)
    this.#open.delete(call.requestId)
  }

  /** A task came to the disk for the call with this request id. */
  created(requestId: string, taskId: string): Call | undefined {
    const call = this.#open.get(requestId)
    if (call) call.created = taskId
    return call
  }

  /** Nobody who waits gets an answer. */
  crash(): void {
    const lost = [...this.#open.values()]
    this.#open.clear()
    for (const call of lost) call.onConnectionLost?.()
  }
}
