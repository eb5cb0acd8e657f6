/** The views of those who watch: one for all who may see everything, and one for each other set. */
import { keyOf, type DropletNames } from '../../access/droplet-names.ts'
import type { Engine } from '../../engine.ts'
import type { EventBus } from '../../events.ts'
import type { Clock } from '../../ports.ts'
import { View } from './view.ts'

/** One that nobody has asked for in so long is forgotten, with its past. */
const KEPT_MS = 15 * 60_000
/** Beyond so many the one that was asked for least lately goes. */
const MAX_VIEWS = 100

interface Kept {
  readonly view: View
  askedTick: number
}

export class Views {
  readonly #all: View
  /** Those of tokens with droplets, the one asked for least lately first. */
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
    const view = this.#kept.get(key)?.view ?? new View(this.engine, this.clock, droplets)
    this.#keep(key, view)
    return view
  }

  /** Somebody still looks at it, though nobody asks for it. */
  keep(view: View): void {
    if (view.droplets !== null) this.#keep(keyOf(view.droplets), view)
  }

  #keep(key: string, view: View): void {
    this.#kept.delete(key)
    this.#kept.set(key, { view, askedTick: this.clock.monotonic() })
    if (this.#kept.size > MAX_VIEWS) this.#kept.delete(this.#kept.keys().next().value!)
  }

  /** To be called once a second. */
  sample(): void {
    this.#all.sample()
    const oldest = this.clock.monotonic() - KEPT_MS
    for (const [key, { view, askedTick }] of this.#kept) {
      if (askedTick < oldest) this.#kept.delete(key)
      else view.sample()
    }
  }
}
