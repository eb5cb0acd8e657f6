/**
 * The gate stands before every attempt of every task, synchronous or not. An attempt enters it
 * before it is recorded, and gives its permit back when its request is over. Whatever limits the
 * requests to a droplet belongs here and nowhere else.
 */
import type { AttemptResult } from '../events.ts'
import type { StopSignal } from '../ports.ts'

/** A synchronous attempt that wants to go to its droplet. Times are ms. */
export interface Entrant {
  /** The droplet's name, as the task has it; compare with `nameKey`. */
  readonly droplet: string
  /** Its task is not recorded yet: if it is refused, there is no task. */
  readonly isNew: boolean
  /** How long the attempt may take, its wait here included. */
  readonly timeoutMs: number
  /** What is left until the task's deadline; Infinity without one. */
  readonly leftMs: number
}

export interface Permit {
  readonly admitted: true
  /** The request goes out now: how long its droplet may take to answer counts from here. */
  sending(): void
  /** As soon as the request is over. null: none was sent. Only the first call counts. */
  release(result: AttemptResult | null): void
}

export interface Refusal {
  readonly admitted: false
  /**
   * - `overloaded`, `circuit open`: a new task is refused, and there is no task.
   * - `passed over`: the attempt is not sent, and uses up one of the task's retries.
   * - `refused`: nothing can be sent. It ends the task as an error, without another attempt.
   */
  readonly kind: 'overloaded' | 'circuit open' | 'passed over' | 'refused'
  /** For people. */
  readonly reason: string
  /** When to try again; only where that is known. */
  readonly retryAfterMs?: number
}

export interface Gate {
  /**
   * A new synchronous task: it is one of those that run until the returned function is called.
   * null: there are too many.
   */
  admit(): (() => void) | null
  /** For synchronous attempts. May wait for a place, but returns soon after `stop` aborts. */
  enter(entrant: Entrant, stop: StopSignal): Permit | Refusal | Promise<Permit | Refusal>
  /**
   * Whether an asynchronous attempt may go to the droplet now; it waits in its queue until then,
   * and `onRoom` tells when to ask again. `droplet`: as `nameKey` gives it.
   */
  hasRoom(droplet: string): boolean
  /** The permit that `hasRoom` has just promised. `timeoutMs`: how long the attempt may take. */
  enterNow(droplet: string, timeoutMs: number): Permit
  onRoom(callback: () => void): void
  /** Whether its circuit is open: all but a probe must wait. `droplet`: as for `hasRoom`. */
  isShut(droplet: string): boolean
}
