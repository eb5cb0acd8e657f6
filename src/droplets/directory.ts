import { nameKey, type Droplet } from './droplet.ts'

/** All droplets of one moment. Never changes: a sync makes a new one and replaces it whole. */
export class Directory {
  static readonly empty = new Directory([])

  readonly #byName: ReadonlyMap<string, Droplet>
  readonly #names: readonly string[]

  private constructor(readonly droplets: readonly Droplet[]) {
    this.#byName = new Map(droplets.map((droplet) => [nameKey(droplet.name), droplet]))
    this.#names = droplets.map((droplet) => droplet.name).sort()
  }

  static of(droplets: readonly Droplet[]): Directory {
    return droplets.length === 0 ? Directory.empty : new Directory([...droplets])
  }

  get size(): number {
    return this.droplets.length
  }

  find(name: string): Droplet | undefined {
    return this.#byName.get(nameKey(name))
  }

  /** Sorted. */
  names(): readonly string[] {
    return this.#names
  }
}

/** Where the droplets of the moment are to be had; `registry/` keeps it up to date. */
export interface DropletList {
  /** As it is known now, perhaps stale or expired; the same object until the next sync. */
  directory(): Directory
  /** By name in any case; undefined also when the whole list has expired. */
  find(name: string): Droplet | undefined
}
