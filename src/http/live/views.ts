/** The views of those who watch: one for all who may see everything, and one for each other set. */
import { keyOf, type DropletNames } from '../../access/droplet-names.ts'
import type { Engine } from '../../engine.ts'
import type { EventBus } from '../../events.ts'
import type { Clock } from '../../ports.ts'
import { View } from './view.ts'

/** One that nobody has asked for or watched in so long is forgotten, with its past. */
const KEPT_MS = 15 * 60_000
/** Beyond so many the one that was used least lately goes. */
const MAX_VIEWS = 100

interface Kept {
  readonly view: View
  usedTick: number
}

export class Views {
  readonly #all: View
  /** Those of tokens with droplets. */
  readonly #kept = new Map<string, Kept>()

  constructor(
    private readonly engine: Pick<Engine, 'tasks' | 'registry' | 'health' | 'gate' | 'store'>,
    private readonly clock: Pick<Clock, 'now' | 'monotonic'>,
    events: EventBus,
  ) {
    this.#all = new View(engine, clock, null)
    events.on('ended', ({ task }) => {
      this.#all.ended(task)
      for (const { view } of this.#kept.values()) view.ended(task)
    })
  }

  /** Its past begins when it is first asked for; that of all droplets, with the service. */
  of(droplets: DropletNames | null): View {
    if (droplets === null) return this.#all
    const key = keyOf(droplets)
    const usedTick = this.clock.monotonic()
    const kept = this.#kept.get(key)
    if (kept) {
      kept.usedTick = usedTick
      return kept.view
    }
    const view = new View(this.engine, this.clock, droplets)
    this.#keep(key, { view, usedTick })
    return view
  }

  /** To be called once a second. `watched`: those of open streams. */
  sample(watched: ReadonlySet<View>): void {
    this.#all.sample()
    const now = this.clock.monotonic()
    for (const [key, kept] of this.#kept) {
      if (watched.has(kept.view)) kept.usedTick = now
      if (kept.usedTick < now - KEPT_MS) this.#kept.delete(key)
      else kept.view.sample()
    }
  }

  #keep(key: string, added: Kept): void {
    if (this.#kept.size >= MAX_VIEWS) {
      const [oldest] = [...this.#kept].toSorted(([, a], [, b]) => a.usedTick - b.usedTick)
      this.#kept.delete(oldest![0])
    }
    this.#kept.set(key, added)
  }
}
