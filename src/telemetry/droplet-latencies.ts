/** How fast each droplet has answered lately. */
import { nameKey } from '../droplets/droplet.ts'
import type { EventBus } from '../events.ts'
import type { Clock } from '../ports.ts'

const STEP_MS = 10_000
/** 5 minutes. */
export const LATENCY_STEPS = 30
/** Those that have not answered in all that time are forgotten when there are so many. */
const MAX_DROPLETS = 20_000

interface Recent {
  readonly sums: Float64Array
  readonly counts: Float64Array
  /** The step of the latest answer, by the monotonic clock. */
  step: number
}

export class DropletLatencies {
  readonly #droplets = new Map<string, Recent>()

  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    events: EventBus,
  ) {
    events.on('attempt ended', ({ task, result }) => {
      if (result.status !== null) this.#record(nameKey(task.dropletName), result.durationMs)
    })
  }

  /** The mean of each 10 s, ms, oldest first; null where nothing was answered. */
  of(name: string): (number | null)[] {
    const recent = this.#droplets.get(nameKey(name))
    if (!recent) return Array.from({ length: LATENCY_STEPS }, () => null)
    this.#advance(recent)
    return Array.from({ length: LATENCY_STEPS }, (_, index) => {
      const at = (recent.step + 1 + index) % LATENCY_STEPS
      const count = recent.counts[at]!
      return count === 0 ? null : Math.round((recent.sums[at]! / count) * 10) / 10
    })
  }

  #record(key: string, durationMs: number): void {
    let recent = this.#droplets.get(key)
    if (!recent) {
      if (this.#droplets.size >= MAX_DROPLETS) this.#forgetIdle()
      const [sums, counts] = [new Float64Array(LATENCY_STEPS), new Float64Array(LATENCY_STEPS)]
      recent = { sums, counts, step: this.#stepOfNow() }
      this.#droplets.set(key, recent)
    }
    this.#advance(recent)
    const at = recent.step % LATENCY_STEPS
    recent.sums[at]! += durationMs
    recent.counts[at]!++
  }

  #stepOfNow(): number {
    return Math.floor(this.clock.monotonic() / STEP_MS)
  }

  /** Empties the steps that time has come round to again. */
  #advance(recent: Recent): void {
    const now = this.#stepOfNow()
    if (now === recent.step) return
    for (let step = Math.max(recent.step + 1, now - LATENCY_STEPS + 1); step <= now; step++) {
      recent.sums[step % LATENCY_STEPS] = recent.counts[step % LATENCY_STEPS] = 0
    }
    recent.step = now
  }

  #forgetIdle(): void {
    const oldest = this.#stepOfNow() - LATENCY_STEPS
    for (const [key, { step }] of this.#droplets) if (step <= oldest) this.#droplets.delete(key)
  }
}
