/** A run as a sequence of episodes, and what happens in each: until it is ended, nothing after. */
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'

export class Episodes {
  #ended = false

  /** `everyMs`: from one to the next, on average. */
  constructor(
    private readonly world: World,
    private readonly random: Prng,
    private readonly everyMs: number,
    private readonly episode: () => void,
  ) {
    this.#scheduleNext()
  }

  end(): void {
    this.#ended = true
  }

  /** At some time within `ms`. */
  within(ms: number, run: () => void): void {
    this.later(this.random.between(0, ms), run)
  }

  /** In `ms`. */
  later(ms: number, run: () => void): void {
    this.world.after(ms, () => {
      if (!this.#ended) run()
    })
  }

  #scheduleNext(): void {
    this.later(this.random.exponential(this.everyMs), () => {
      this.episode()
      this.#scheduleNext()
    })
  }
}
