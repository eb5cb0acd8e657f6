/** Which droplets have changed since those who watch were told of them. */
import { nameKey, SLICE, type Droplet } from '../../droplets/droplet.ts'
import type { EventBus } from '../../events.ts'
import type { Mesh } from '../droplets-view.ts'

/** As many are told of at once; the others a second later. */
const MAX_AT_ONCE = 200

export class DropletChanges {
  /** What was last seen of each, by its name in lower case. */
  readonly #seen = new Map<string, string>()
  /** Those that tasks were sent to: how fast they answer has changed. */
  readonly #used = new Set<string>()
  #next = 0

  constructor(
    private readonly mesh: Mesh,
    events: EventBus,
    private readonly isWatched: () => boolean,
  ) {
    events.on('attempt ended', ({ task }) => {
      if (this.isWatched()) this.#used.add(nameKey(task.dropletName))
    })
  }

  /**
   * Those that have changed since they were last taken. Of a long list it looks at a slice each
   * time; those that tasks were sent to come at once.
   */
  take(): Droplet[] {
    const { droplets, size } = this.mesh.registry.directory()
    const changed = new Map<string, Droplet>()
    for (const key of this.#used) {
      if (changed.size >= MAX_AT_ONCE) break
      this.#used.delete(key)
      const droplet = this.mesh.registry.directory().find(key)
      if (droplet) changed.set(key, droplet)
    }
    for (let looked = 0; looked < Math.min(size, SLICE); looked++) {
      if (changed.size >= MAX_AT_ONCE) break
      const droplet = droplets[this.#next++ % size]!
      if (this.#differs(droplet)) changed.set(nameKey(droplet.name), droplet)
    }
    if (this.#seen.size > 2 * size + SLICE) this.#seen.clear()
    return [...changed.values()]
  }

  /** Nobody watches any more. */
  forget(): void {
    this.#seen.clear()
    this.#used.clear()
  }

  #differs(droplet: Droplet): boolean {
    const { circuit, inFlight, waiting } = this.mesh.gate.of(droplet.name)
    const { reachable } = this.mesh.health.of(droplet.name)
    const look = `${droplet.url} ${droplet.status} ${circuit} ${inFlight} ${waiting} ${reachable}`
    const key = nameKey(droplet.name)
    // One that was never looked at, too: it may have changed since the watcher read the list.
    const differs = this.#seen.get(key) !== look
    this.#seen.set(key, look)
    return differs
  }
}
