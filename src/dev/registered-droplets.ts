import type { Clock } from '../ports.ts'
import { timestamp } from '../timestamp.ts'
import type { Change, DropletStatus, NewDroplet } from './registry-wire.ts'

/** A droplet as the Registry lists it. */
export interface RegisteredDroplet {
  id: number
  name: string
  steward: string | null
  status: DropletStatus
  endpoint: string
  proof: string | null
  cost_usd: number
  yield_usd: number
  metadata: Record<string, unknown> | null
  /** ISO 8601 with microseconds. */
  registered_at: string
  updated_at: string
}

/** The Registry's list, in memory. */
export class RegisteredDroplets {
  readonly #byId = new Map<number, RegisteredDroplet>()

  constructor(private readonly clock: Clock) {}

  all(): RegisteredDroplet[] {
    return [...this.#byId.values()]
  }

  byId(id: number): RegisteredDroplet | undefined {
    return this.#byId.get(id)
  }

  byName(name: string): RegisteredDroplet | undefined {
    return this.#byId.values().find((droplet) => droplet.name === name)
  }

  /**
   * Null when another droplet has the name. An id that is taken replaces that droplet without a
   * word: so does the mesh's Registry.
   */
  add(wanted: NewDroplet): RegisteredDroplet | null {
    const sameName = this.byName(wanted.name)
    if (sameName && sameName.id !== wanted.id) return null
    const time = timestamp(this.clock.now())
    const droplet: RegisteredDroplet = {
      id: wanted.id ?? Math.max(0, ...this.#byId.keys()) + 1,
      name: wanted.name,
      steward: wanted.steward ?? null,
      status: 'active',
      endpoint: wanted.endpoint,
      proof: null,
      cost_usd: 0,
      yield_usd: 0,
      metadata: wanted.metadata ?? {},
      registered_at: time,
      updated_at: time,
    }
    this.#byId.set(droplet.id, droplet)
    return droplet
  }

  /** Sets the fields that `change` has; others that were sent with it are ignored. */
  update(droplet: RegisteredDroplet, change: Change): void {
    const { status, endpoint, metadata, proof, cost_usd, yield_usd } = { ...droplet, ...change }
    Object.assign(droplet, { status, endpoint, metadata, proof, cost_usd, yield_usd })
    droplet.updated_at = timestamp(this.clock.now())
  }

  delete(id: number): void {
    this.#byId.delete(id)
  }
}
