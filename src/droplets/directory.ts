import { atOnce, type Work } from '../platform/turns.ts'
import { nameKey, SLICE, type Droplet } from './droplet.ts'
import { SmallestNames } from './smallest-names.ts'

/** How many names `firstNames` tells at most. */
export const MAX_NAMES = 100
const NOBODY: ReadonlyMap<string, Droplet> = new Map()

/** All droplets of one moment. Never changes: a sync makes a new one and replaces it whole. */
export class Directory {
  static readonly empty = new Directory([], NOBODY, [])

  private constructor(
    readonly droplets: readonly Droplet[],
    private readonly byName: ReadonlyMap<string, Droplet>,
    private readonly first: readonly string[],
  ) {}

  /** Of any number of droplets, in this turn. */
  static of(droplets: readonly Droplet[]): Directory {
    return atOnce(Directory.build(droplets))
  }

  static *build(droplets: readonly Droplet[]): Work<Directory> {
    if (droplets.length === 0) return Directory.empty
    const byName = new Map<string, Droplet>()
    const first = new SmallestNames(MAX_NAMES)
    for (const droplet of droplets) {
      byName.set(nameKey(droplet.name), droplet)
      first.add(droplet.name)
      if (byName.size % SLICE === 0) yield
    }
    return new Directory([...droplets], byName, first.sorted)
  }

  get size(): number {
    return this.droplets.length
  }

  find(name: string): Droplet | undefined {
    return this.byName.get(nameKey(name))
  }

  /** The droplets whose names are visible; without `isVisible`, all. */
  *visible(isVisible?: (name: string) => boolean): Work<readonly Droplet[]> {
    if (!isVisible) return this.droplets
    const visible: Droplet[] = []
    for (const [index, droplet] of this.droplets.entries()) {
      if (isVisible(droplet.name)) visible.push(droplet)
      if ((index + 1) % SLICE === 0) yield
    }
    return visible
  }

  /** The first MAX_NAMES names that `isVisible`, sorted; without it, of all names. */
  *firstNames(isVisible?: (name: string) => boolean): Work<readonly string[]> {
    if (!isVisible) return this.first
    const visible = new SmallestNames(MAX_NAMES)
    for (const [index, { name }] of this.droplets.entries()) {
      if (isVisible(name)) visible.add(name)
      if ((index + 1) % SLICE === 0) yield
    }
    return visible.sorted
  }
}

/** Where the droplets of the moment are to be had; `registry/` keeps it up to date. */
export interface DropletList {
  /** As it is known now, perhaps stale or expired; the same object until the next sync. */
  directory(): Directory
  /** By name in any case; undefined also when the whole list has expired. */
  find(name: string): Droplet | undefined
}
