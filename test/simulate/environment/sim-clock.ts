import { sleepWith, type Clock } from '../../../src/ports.ts'
import { whenRunning, type SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'

export const MAX_TIMER_DELAY_MS = 20

/** One process's clock: its monotonic time starts anew, its timers end with the process. */
export function simClock(world: World, process: SimProcess): Clock {
  const random = world.random.fork(`clock ${process.number}`)
  const startedAt = world.now
  const base = random.integer(0, 1_000_000)
  const ifAlive = (callback: () => void) => () => whenRunning(process, callback)
  const after: Clock['after'] = (ms, callback) => {
    if (!process.alive) return () => {}
    // A timer is never early and sometimes late.
    const late = random.chance(0.05) ? random.between(0, MAX_TIMER_DELAY_MS) : 0
    return world.after(ms + late, ifAlive(callback))
  }
  return {
    now: () => world.wall,
    monotonic: () => base + world.now - startedAt,
    after,
    soon: (callback) => void world.after(0, ifAlive(callback)),
    sleep: (ms, signal) => sleepWith(after, ms, signal),
  }
}
