/** The droplets as they are now: read once, then kept up by events. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Droplet, Droplets, LiveEvent } from '../../../client/types.ts'
import type { Interest } from '../state/live.ts'
import type { Session } from '../state/session.ts'
import { rankOf, RANKS } from './trouble.ts'

export type ListState = Omit<Droplets, 'droplets'>

/** Changes are shown together, so that a large mesh does not keep the browser busy. */
const SHOW_MS = 500
/** The list is read anew when their number has changed, but not more often. */
const READ_MS = 10_000

export class DropletStore implements Interest {
  readonly kinds = ['droplet', 'overview'] as const
  readonly #list = signal<readonly Droplet[] | null>(null)
  readonly #state = signal<ListState | null>(null)
  readonly #error = signal<unknown>(null)
  /** Those in trouble first, each group by name; null: not read yet. */
  readonly list: ReadonlySignal<readonly Droplet[] | null> = this.#list
  readonly state: ReadonlySignal<ListState | null> = this.#state
  readonly error: ReadonlySignal<unknown> = this.#error
  /** By name, in the order of their names. */
  #byName = new Map<string, Droplet>()
  #isSorted = true
  #timer: ReturnType<typeof setTimeout> | undefined
  #readAt = 0
  #isReading = false

  constructor(private readonly session: Session) {}

  read(): void {
    if (!this.#isReading) void this.#read()
  }

  event({ type, data }: LiveEvent): void {
    if (type === 'droplet') this.#put(data)
    if (type === 'overview' && this.#list.peek() && data.droplets.known !== this.#byName.size) {
      if (Date.now() - this.#readAt > READ_MS) this.read()
    }
  }

  /** Forgets what it was about to do. */
  stop(): void {
    clearTimeout(this.#timer)
  }

  async #read(): Promise<void> {
    this.#isReading = true
    this.#readAt = Date.now()
    try {
      const { droplets, ...state } = await this.session.client.peek().droplets({ recent: true })
      this.#byName = new Map(droplets.map((droplet) => [droplet.name, droplet]))
      this.#isSorted = false
      this.#state.value = state
      this.#error.value = null
      this.#show()
    } catch (error) {
      this.#error.value = error
    } finally {
      this.#isReading = false
    }
  }

  #put(droplet: Droplet): void {
    if (!this.#byName.has(droplet.name)) this.#isSorted = false
    this.#byName.set(droplet.name, droplet)
    this.#timer ??= setTimeout(() => this.#show(), SHOW_MS)
  }

  #show(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#isSorted) this.#byName = sorted(this.#byName)
    this.#isSorted = true
    this.#list.value = troubleFirst(this.#byName.values())
  }
}

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

function sorted(byName: ReadonlyMap<string, Droplet>): Map<string, Droplet> {
  return new Map([...byName].sort(([a], [b]) => names.compare(a, b)))
}

/** Within a group the order stays as it is: a board on which all moves cannot be read. */
function troubleFirst(droplets: Iterable<Droplet>): Droplet[] {
  const groups = RANKS.map((): Droplet[] => [])
  for (const droplet of droplets) groups[rankOf(droplet)]!.push(droplet)
  return groups.flat()
}
