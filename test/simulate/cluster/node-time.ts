/** The clocks of one node's machine: they outlive its processes, and agree with no other's. */
import { sleepWith, type Clock } from '../../../src/ports.ts'
import { MAX_TIMER_DELAY_MS } from '../environment/sim-clock.ts'
import { whenRunning, type SimProcess } from '../service/sim-process.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'

const MINUTE_MS = 60_000
const MAX_OFFSET_MS = 3 * MINUTE_MS
/** How much faster or slower a wall clock may go: minutes a day. */
const MAX_DRIFT = 0.002

export class NodeTime {
  #offsetMs: number
  readonly #drift: number
  /** Of its monotonic clock and its timers, to the simulated time. */
  readonly #rate: number

  constructor(
    private readonly world: World,
    private readonly random: Prng,
  ) {
    this.#offsetMs = random.between(-MAX_OFFSET_MS, MAX_OFFSET_MS)
    this.#drift = random.between(-MAX_DRIFT, MAX_DRIFT)
    this.#rate = 1 + random.between(-world.maxSkew, world.maxSkew)
  }

  /** ms. */
  readonly wall = (): number => {
    const { world } = this
    return Math.floor(world.wall + this.#offsetMs + world.now * this.#drift)
  }

  jump(ms: number): void {
    this.#offsetMs += ms
  }

  /** One process's clock. */
  clockOf(process: SimProcess): Clock {
    const { world, random } = this
    const rate = this.#rate
    const startedAt = world.now
    const base = random.integer(0, 1_000_000)
    const after: Clock['after'] = (ms, callback) => {
      if (!process.alive) return () => {}
      const late = random.chance(0.05) ? random.between(0, MAX_TIMER_DELAY_MS) : 0
      let isCancelled = false
      const cancel = world.after(ms / rate + late, () =>
        whenRunning(process, () => {
          if (!isCancelled) callback()
        }),
      )
      return () => {
        isCancelled = true
        cancel()
      }
    }
    return {
      now: () => this.wall(),
      monotonic: () => base + (world.now - startedAt) * rate,
      after,
      soon: (callback) => void world.after(0, () => whenRunning(process, callback)),
      sleep: (ms, signal) => sleepWith(after, ms, signal),
    }
  }
}
