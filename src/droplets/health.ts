import type { Clock, Fetch } from '../ports.ts'
import { SERVICE, VERSION } from '../version.ts'
import { nameKey, type Droplet } from './droplet.ts'
import { within } from '../platform/time-limit.ts'

const PROBE_LIMIT_MS = 2000
/** How often the list is looked at; the first probes of new droplets are spread over it. */
const LOOK_MS = 500
/** fetch has 256 places in all; probes of droplets that hang must leave room for tasks. */
const MOST_AT_ONCE = 64
const BUSY_RETRY_MS = 100

export interface Reach {
  /** Null: not known yet. */
  readonly reachable: boolean | null
  /** When that was found; wall clock, ms. */
  readonly lastProbe: number | null
  /** Of the last answer; null when there was none. */
  readonly latencyMs: number | null
}

export interface Reachability {
  start(): void
  /** Safe twice, safe unstarted; it doesn't start again. */
  stop(): Promise<void>
  of(name: string): Reach
  /** What a routed task found out; `latencyMs` null: nothing answered. */
  note(name: string, reachable: boolean, latencyMs: number | null): void
  reachableCount(): number
}

export interface ReachabilityOptions {
  clock: Clock
  fetch: Fetch
  /** 0: no probes; tasks still tell. */
  intervalMs: number
  /** The droplets to watch: the same array as long as nothing has changed. */
  droplets: () => readonly Droplet[]
}

interface Watched {
  readonly url: string
  /** 0 to 1: this droplet's place in every interval. */
  readonly place: number
  reach: Reach
  cancel: () => void
}

const UNKNOWN: Reach = Object.freeze({ reachable: null, lastProbe: null, latencyMs: null })

/** Knows which droplets answer: from probes of their `/health` and from the tasks sent there. */
export function createReachability(options: ReachabilityOptions): Reachability {
  return new ProbedReachability(options)
}

class ProbedReachability implements Reachability {
  readonly #clock: Clock
  readonly #fetch: Fetch
  readonly #intervalMs: number
  readonly #droplets: () => readonly Droplet[]
  readonly #stopping = new AbortController()
  readonly #watched = new Map<string, Watched>()
  readonly #inFlight = new Set<Promise<void>>()
  #seen: readonly Droplet[] = []
  #probing = false
  #cancelLook = () => {}

  constructor({ clock, fetch, intervalMs, droplets }: ReachabilityOptions) {
    this.#clock = clock
    this.#fetch = fetch
    this.#intervalMs = intervalMs
    this.#droplets = droplets
  }

  start(): void {
    if (this.#probing || this.#intervalMs <= 0 || this.#stopping.signal.aborted) return
    this.#probing = true
    // What tasks made known before has no timer yet.
    for (const entry of this.#watched.values()) this.#probeIn(entry, entry.place * LOOK_MS)
    this.#lookOn()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelLook()
    for (const entry of this.#watched.values()) entry.cancel()
    await Promise.all(this.#inFlight)
  }

  of(name: string): Reach {
    this.#look()
    return this.#watched.get(nameKey(name))?.reach ?? UNKNOWN
  }

  note(name: string, reachable: boolean, latencyMs: number | null): void {
    this.#look()
    const entry = this.#watched.get(nameKey(name))
    if (entry) entry.reach = this.#found(reachable, latencyMs)
  }

  reachableCount(): number {
    this.#look()
    let count = 0
    for (const { reach } of this.#watched.values()) if (reach.reachable) count++
    return count
  }

  #lookOn(): void {
    this.#look()
    this.#cancelLook = this.#clock.after(LOOK_MS, () => this.#lookOn())
  }

  #look(): void {
    const list = this.#droplets()
    if (list === this.#seen) return
    this.#seen = list
    const names = new Set(list.map((droplet) => nameKey(droplet.name)))
    for (const [key, entry] of this.#watched) {
      if (names.has(key)) continue
      entry.cancel()
      this.#watched.delete(key)
    }
    for (const { name, url } of list) this.#watch(nameKey(name), url)
  }

  #watch(key: string, url: string): void {
    const before = this.#watched.get(key)
    if (before?.url === url) return
    before?.cancel()
    // By name and not by position, so that a droplet keeps its place when the list changes.
    const place = Bun.hash.xxHash32(key) / 2 ** 32
    const entry: Watched = { url, place, reach: UNKNOWN, cancel: () => {} }
    this.#watched.set(key, entry)
    if (this.#probing) this.#probeIn(entry, place * LOOK_MS)
  }

  #probeIn(entry: Watched, ms: number): void {
    if (this.#stopping.signal.aborted) return
    entry.cancel = this.#clock.after(ms, () => {
      if (this.#inFlight.size >= MOST_AT_ONCE) return this.#probeIn(entry, BUSY_RETRY_MS)
      const running = this.#probe(entry).finally(() => this.#inFlight.delete(running))
      this.#inFlight.add(running)
    })
  }

  async #probe(entry: Watched): Promise<void> {
    let cancelled = false
    entry.cancel = () => {
      cancelled = true
    }
    const begun = this.#clock.monotonic()
    const status = await this.#ask(`${entry.url}/health`)
    if (cancelled) return
    const latencyMs = status === null ? null : this.#clock.monotonic() - begun
    entry.reach = this.#found(status !== null && status < 500, latencyMs)
    this.#probeIn(entry, this.#untilNext(entry.place))
  }

  /** The status; null without an answer in time. */
  async #ask(url: string): Promise<number | null> {
    const headers = { accept: 'application/json', 'user-agent': `${SERVICE}/${VERSION}` }
    const { signal: stop } = this.#stopping
    const answer = await within(this.#clock, PROBE_LIMIT_MS, stop, async (signal) => {
      const response = await this.#fetch(url, { method: 'GET', headers, signal })
      // Not awaited: how the body ends is no matter.
      response.body?.cancel().catch(() => {})
      return response.status
    })
    return answer.ok ? answer.value : null
  }

  // To the droplet's place in the next interval, or in this one unless that is almost now.
  #untilNext(place: number): number {
    const into = this.#clock.monotonic() % this.#intervalMs
    const wait = (place * this.#intervalMs - into + this.#intervalMs) % this.#intervalMs
    return wait < this.#intervalMs / 10 ? wait + this.#intervalMs : wait
  }

  #found(reachable: boolean, latencyMs: number | null): Reach {
    const latency = latencyMs === null ? null : Math.round(latencyMs)
    return { reachable, lastProbe: this.#clock.now(), latencyMs: latency }
  }
}
