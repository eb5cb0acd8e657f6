/** Long work in slices, so that requests and timers get their turn in between. */
import type { Clock } from '../ports.ts'

/** Where the turns of the event loop come from. */
export type Turns = Pick<Clock, 'soon'>

/** Work that yields after each slice: a few ms at most. */
export type Work<T> = Generator<undefined, T, undefined>

/** Resolves when this turn of the event loop is over. */
export function nextTurn(turns: Turns): Promise<void> {
  return new Promise((resolve) => turns.soon(resolve))
}

/**
 * Runs one slice a turn of the event loop; all at once when there is only one. Rejects when
 * `signal` has aborted after a slice.
 */
export async function inTurns<T>(work: Work<T>, turns: Turns, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    await nextTurn(turns)
    signal?.throwIfAborted()
  }
}

/** Runs all slices in this turn. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

/**
 * Gives a turn of the event loop to one of those who wait for it, in the order in which they came:
 * so however many works there are, each turn has one slice, and each work gets on.
 */
export class SharedTurns implements Turns {
  readonly #waiting: (() => void)[] = []

  constructor(private readonly turns: Turns) {}

  soon(callback: () => void): void {
    if (this.#waiting.push(callback) === 1) this.turns.soon(this.#next)
  }

  readonly #next = (): void => {
    const first = this.#waiting.shift()
    if (this.#waiting.length > 0) this.turns.soon(this.#next)
    first?.()
  }
}
