/** Long work in slices, so that requests and timers get their turn in between. */
import type { Clock } from '../ports.ts'

/** Work that yields after each slice. */
export type Work<T> = Generator<undefined, T, undefined>

/** How many droplets a slice handles: a few ms at most. */
export const SLICE = 1000

/** Runs one slice a turn of the event loop; all at once when there is only one. */
export async function inTurns<T>(work: Work<T>, { soon }: Pick<Clock, 'soon'>): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    await new Promise<void>((resolve) => soon(resolve))
  }
}

/** Runs all slices in this turn. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}
