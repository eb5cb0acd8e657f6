/** The droplets as they are now: read once, then kept up by events. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Droplet, Droplets, LiveEvent } from '../../../client/types.ts'
import type { Interest } from '../state/live.ts'
import type { Session } from '../state/session.ts'
import { once } from '../ui/once.ts'
import { rankOf, RANKS } from './trouble.ts'

export type ListState = Omit<Droplets, 'droplets'>

/** Changes are shown together, so that a large mesh does not keep the browser busy. */
const SHOW_MS = 500
/** The list is read anew when their number has changed, but not more often. */
const READ_MS = 10_000
/** Of one value of `recent_latency_ms`. */
const STEP_MS = 10_000

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
  /** Those of which something was told since time was last moved on. */
  readonly #heardOf = new Set<string>()
  #agedAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #readAt = 0
  #isReading = false
  #sinceRead: Droplet[] = []

  constructor(private readonly session: Session) {}

  read(): void {
    if (!this.#isReading) void this.#read()
  }

  event({ type, data }: LiveEvent): void {
    if (type === 'droplet') this.#put(data)
    if (type !== 'overview' || !this.#list.peek()) return
    const now = Date.now()
    if (now - this.#agedAt >= STEP_MS) this.#age(now)
    const { known } = data.droplets
    if (known !== this.#byName.size && now - this.#readAt > READ_MS) this.read()
  }

  /** Forgets what it was about to do. */
  stop(): void {
    clearTimeout(this.#timer)
  }

  async #read(): Promise<void> {
    this.#isReading = true
    this.#sinceRead = []
    this.#readAt = Date.now()
    try {
      const { droplets, ...state } = await this.session.client.peek().droplets({ recent: true })
      this.#byName = new Map(
        [...droplets, ...this.#sinceRead].map((droplet) => [droplet.name, droplet]),
      )
      this.#isSorted = false
      this.#agedAt = Date.now()
      this.#heardOf.clear()
      this.#state.value = state
      this.#error.value = null
      this.#show()
    } catch (error) {
      this.#error.value = error
    } finally {
      this.#isReading = false
    }
  }

  /** Time goes on also for a droplet of which nothing is told, since nothing is sent to it. */
  #age(now: number): void {
    this.#agedAt = now
    for (const [name, droplet] of this.#byName) {
      if (!this.#heardOf.has(name)) this.#byName.set(name, aStepLater(droplet))
    }
    this.#heardOf.clear()
    this.#showSoon()
  }

  #put(droplet: Droplet): void {
    // The list that is on its way may be older.
    if (this.#isReading) this.#sinceRead.push(droplet)
    this.#heardOf.add(droplet.name)
    if (!this.#byName.has(droplet.name)) this.#isSorted = false
    this.#byName.set(droplet.name, droplet)
    this.#showSoon()
  }

  #showSoon(): void {
    this.#timer ??= setTimeout(() => this.#show(), SHOW_MS)
  }

  #show(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#state.peek()) return
    if (!this.#isSorted) this.#byName = sorted(this.#byName)
    this.#isSorted = true
    this.#list.value = troubleFirst(this.#byName.values())
  }
}

function aStepLater(droplet: Droplet): Droplet {
  const recent = droplet.recent_latency_ms
  if (!recent?.some((value) => value !== null)) return droplet
  return { ...droplet, recent_latency_ms: [...recent.slice(1), null] }
}

const names = once(() => new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' }))

function sorted(byName: ReadonlyMap<string, Droplet>): Map<string, Droplet> {
  return new Map([...byName].sort(([a], [b]) => names().compare(a, b)))
}

/** Within a group the order stays as it is: a board on which all moves cannot be read. */
function troubleFirst(droplets: Iterable<Droplet>): Droplet[] {
  const groups = RANKS.map((): Droplet[] => [])
  for (const droplet of droplets) groups[rankOf(droplet)]!.push(droplet)
  return groups.flat()
}
