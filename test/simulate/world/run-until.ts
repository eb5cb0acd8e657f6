/** Runs the simulation's events, one after the other. */
import { drainMicrotasks } from 'bun:jsc'
import type { World } from './world.ts'

const EVENTS_PER_TURN = 2000

/**
 * Each event runs to its end, all its promises included, before the next one starts. `isDone` is
 * asked after each, with the number of events since time last went on.
 */
export function runUntil(
  world: World,
  end: number,
  isDone: (eventsAtThisMoment: number) => boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let atThisMoment = 0

  function step(): boolean {
    const before = world.now
    if (!world.events.step(end)) return false
    drainMicrotasks()
    world.step++
    atThisMoment = world.now === before ? atThisMoment + 1 : 0
    return !isDone(atThisMoment)
  }

  // Not inside a promise: only we may drain the microtasks. After some events the real event loop
  // has its turn, so that it reports rejections that nobody handles.
  const turn = () => {
    try {
      for (let events = 0; events < EVENTS_PER_TURN; events++) if (!step()) return resolve()
      setImmediate(turn)
    } catch (error) {
      reject(error as Error)
    }
  }
  setImmediate(turn)
  return promise
}
