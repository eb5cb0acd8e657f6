/** What nodes tell each other through the database: it may be lost, late or doubled. */
import type { SimProcess } from '../service/sim-process.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'

export type Notification = 'work' | 'cancel'

interface Listener {
  readonly process: SimProcess
  hear(what: Notification): void
}

const MAX_LATE_MS = 3000

export class Notifications {
  readonly #listeners = new Set<Listener>()
  readonly #random: Prng

  constructor(private readonly world: World) {
    this.#random = world.random.fork('notifications')
  }

  listen(listener: Listener): void {
    this.#listeners.add(listener)
  }

  /** `lossy`: many are lost. */
  tell(from: SimProcess, what: Notification, lossy: boolean): void {
    const random = this.#random
    for (const listener of this.#listeners) {
      if (!listener.process.alive) this.#listeners.delete(listener)
      if (!listener.process.alive || listener.process === from) continue
      if (random.chance(lossy ? 0.5 : 0.05)) {
        this.world.count('notifications lost')
        continue
      }
      for (let copies = random.chance(0.05) ? 2 : 1; copies > 0; copies--) {
        const ms = random.chance(0.05) ? random.between(0, MAX_LATE_MS) : random.between(0.1, 5)
        this.world.after(ms, () => listener.hear(what))
      }
    }
  }
}
