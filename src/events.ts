/**
 * What has happened to tasks. Only the store emits events, each once it is on disk: whoever
 * hears of one can rely on it.
 */
import { errorText } from './errors.ts'
import type { Log } from './log.ts'
import type { Task } from './task.ts'

/** How an attempt ended. `delivery/outcome.ts` says what each means for the task. */
export type OutcomeKind = 'answered' | 'timeout' | 'unreachable' | 'cancelled' | 'interrupted'

/** An attempt whose request was sent, and is over. */
export interface AttemptResult {
  readonly outcome: OutcomeKind
  /** HTTP status of the answer; null without one. */
  readonly status: number | null
  /** Not rounded. */
  readonly durationMs: number
  /** It failed on this machine: that says nothing of the droplet. */
  readonly isOurs?: true
}

export type TaskEvent =
  /** A new task, or an interrupted one that runs again. `forAnyone`: not ours, unless claimed. */
  | { readonly type: 'accepted'; readonly task: Task; readonly forAnyone?: true }
  /** Its next request is about to be sent. */
  | { readonly type: 'attempt started'; readonly task: Task }
  | { readonly type: 'attempt ended'; readonly task: Task; readonly result: AttemptResult }
  /** It has its final status, and the whole answer, of which the history may only keep a marker. */
  | { readonly type: 'ended'; readonly task: Task }

type EventOf<T extends TaskEvent['type']> = Extract<TaskEvent, { type: T }>

/** Must be fast: the store waits for it. */
export type Subscriber<T extends TaskEvent['type']> = (event: EventOf<T>) => void

/** Calls the subscribers of each event's type, in the order of their subscription. */
export class EventBus {
  readonly #subscribers: { readonly [T in TaskEvent['type']]: Subscriber<T>[] } = {
    accepted: [],
    'attempt started': [],
    'attempt ended': [],
    ended: [],
  }

  constructor(private readonly log: Log) {}

  on<T extends TaskEvent['type']>(type: T, subscriber: Subscriber<T>): void {
    this.#subscribers[type].push(subscriber)
  }

  /** Never throws: a subscriber with a bug must stop neither the others nor the store. */
  readonly emit = <T extends TaskEvent['type']>(event: EventOf<T>): void => {
    for (const subscriber of this.#subscribers[event.type as T]) {
      try {
        subscriber(event)
      } catch (error) {
        const fields = { event: event.type, task_id: event.task.id, error: errorText(error) }
        this.log.error('a subscriber of events failed', fields)
      }
    }
  }
}
