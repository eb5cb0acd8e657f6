import { sleepWith, type Clock } from '../../src/ports.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** One process's clock: its monotonic time begins anew, its timers end with it. */
export function simClock(world: World, process: Process): Clock {
  const chance = world.chance.fork(`clock ${process.number}`)
  const born = world.now
  const base = chance.whole(0, 1_000_000)
  const after: Clock['after'] = (ms, callback) => {
    if (!process.alive) return () => {}
    // A timer is never early and sometimes late.
    const late = chance.chance(0.05) ? chance.between(0, LATEST_TIMER_MS) : 0
    return world.after(ms + late, () => {
      if (process.alive) callback()
    })
  }
  return {
    now: () => world.wall,
    monotonic: () => base + world.now - born,
    after,
    soon: (callback) => {
      world.after(0, () => {
        if (process.alive) callback()
      })
    },
    sleep: (ms, signal) => sleepWith(after, ms, signal),
  }
}

export const LATEST_TIMER_MS = 20
