/**
 * The gate stands before every attempt of every task, synchronous or not. An attempt enters it
 * before it is recorded, and gives its permit back when its request is over. Whatever limits the
 * requests to a droplet belongs here and nowhere else.
 */
import type { AttemptResult } from '../events.ts'
import type { StopSignal } from '../ports.ts'

export interface Permit {
  readonly admitted: true
  /** To be called once, as soon as the request is over. null: none was sent. */
  release(result: AttemptResult | null): void
}

export interface Refusal {
  readonly admitted: false
  /** Why nothing can be sent. It ends the task as an error, without another attempt. */
  readonly reason: string
}

export interface Gate {
  /**
   * May wait for a place, but must return soon after `stop` aborts. `droplet`: its name, as the
   * task has it; compare with `nameKey`.
   */
  enter(droplet: string, stop: StopSignal): Permit | Refusal | Promise<Permit | Refusal>
}

/** Admits everything. */
export const openGate: Gate = {
  enter: () => ({ admitted: true, release: () => {} }),
}
