import type { AttemptResult, EventBus } from '../events.ts'
import type { Clock, Fetch, Log } from '../ports.ts'
import type { Task } from '../task.ts'
import { Directory, type DropletList } from './directory.ts'
import { nameKey } from './droplet.ts'
import { probe, untilNextProbe } from './probe.ts'

/**
 * How often the list is compared with what is watched. The first probes of new droplets are
 * spread over this time.
 */
const LIST_INTERVAL_MS = 500
/** A mesh of many droplets that hang must not take up our connections and memory. */
const MAX_PROBES_AT_ONCE = 64
const BUSY_RETRY_MS = 100

export interface Reach {
  /** Null: not known yet. */
  readonly reachable: boolean | null
  /** When that was found; wall clock, ms. */
  readonly lastProbe: number | null
  /** Of the last probe or attempt, whole ms; null when it got no answer. */
  readonly latencyMs: number | null
}

export interface DropletHealth {
  start(): void
  /** May be called twice, or before `start`; after it, `start` does nothing. */
  stop(): Promise<void>
  of(name: string): Reach
  reachableCount(): number
}

export interface HealthOptions {
  clock: Clock
  fetch: Fetch
  log: Log
  /** The attempts of tasks tell, too, whether a droplet answers. */
  events: EventBus
  /** From one probe of a droplet to the next; 0: no probes, only what tasks find. */
  intervalMs: number
  /** The droplets to watch. */
  list: Pick<DropletList, 'directory'>
}

interface Watched {
  readonly name: string
  readonly url: string
  /** 0 to 1: when in each interval this droplet is probed, so that not all are at once. */
  readonly phase: number
  reach: Reach
  cancel: () => void
}

const UNKNOWN: Reach = Object.freeze({ reachable: null, lastProbe: null, latencyMs: null })

/**
 * Knows which droplets answer, and not with 5xx: from probes of their `/health`, and from the
 * attempts of tasks.
 */
export function createHealth(options: HealthOptions): DropletHealth {
  return new ProbedHealth(options)
}

class ProbedHealth implements DropletHealth {
  readonly #clock: Clock
  readonly #fetch: Fetch
  readonly #log: Log
  readonly #intervalMs: number
  readonly #list: Pick<DropletList, 'directory'>
  readonly #stopping = new AbortController()
  readonly #watched = new Map<string, Watched>()
  readonly #inFlight = new Set<Promise<void>>()
  #seen = Directory.empty
  #probing = false
  #cancelSync = () => {}

  constructor({ clock, fetch, log, events, intervalMs, list }: HealthOptions) {
    this.#clock = clock
    this.#fetch = fetch
    this.#log = log
    this.#intervalMs = intervalMs
    this.#list = list
    events.on('attempt ended', ({ task, result }) => this.#recordAttempt(task, result))
  }

  start(): void {
    if (this.#probing || this.#intervalMs <= 0 || this.#stopping.signal.aborted) return
    this.#probing = true
    // Droplets that are known from before the start have no timer yet.
    for (const entry of this.#watched.values()) this.#probeIn(entry, entry.phase * LIST_INTERVAL_MS)
    this.#syncAgain()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelSync()
    for (const entry of this.#watched.values()) entry.cancel()
    await Promise.all(this.#inFlight)
  }

  of(name: string): Reach {
    this.#syncList()
    return this.#watched.get(nameKey(name))?.reach ?? UNKNOWN
  }

  reachableCount(): number {
    this.#syncList()
    let count = 0
    for (const { reach } of this.#watched.values()) if (reach.reachable) count++
    return count
  }

  #recordAttempt(task: Task, { outcome, status, durationMs }: AttemptResult): void {
    // What we ended ourselves says nothing about the droplet.
    if (outcome === 'cancelled' || outcome === 'interrupted') return
    this.#syncList()
    const entry = this.#watched.get(nameKey(task.dropletName))
    if (entry) this.#found(entry, status, durationMs)
  }

  #syncAgain(): void {
    this.#syncList()
    this.#cancelSync = this.#clock.after(LIST_INTERVAL_MS, () => this.#syncAgain())
  }

  #syncList(): void {
    const directory = this.#list.directory()
    if (directory === this.#seen) return
    this.#seen = directory
    const { droplets } = directory
    const names = new Set(droplets.map((droplet) => nameKey(droplet.name)))
    for (const [key, entry] of this.#watched) {
      if (names.has(key)) continue
      entry.cancel()
      this.#watched.delete(key)
    }
    for (const { name, url } of droplets) this.#watch(name, url)
  }

  #watch(name: string, url: string): void {
    const key = nameKey(name)
    const before = this.#watched.get(key)
    if (before?.url === url) return
    before?.cancel()
    // By name and not by position, so that a droplet keeps its phase when the list changes.
    const phase = Bun.hash.xxHash32(key) / 2 ** 32
    const entry: Watched = { name, url, phase, reach: UNKNOWN, cancel: () => {} }
    this.#watched.set(key, entry)
    if (this.#probing) this.#probeIn(entry, phase * LIST_INTERVAL_MS)
  }

  #probeIn(entry: Watched, ms: number): void {
    if (this.#stopping.signal.aborted) return
    entry.cancel = this.#clock.after(ms, () => {
      if (this.#inFlight.size >= MAX_PROBES_AT_ONCE) return this.#probeIn(entry, BUSY_RETRY_MS)
      const running = this.#probe(entry).finally(() => this.#inFlight.delete(running))
      this.#inFlight.add(running)
    })
  }

  async #probe(entry: Watched): Promise<void> {
    let cancelled = false
    entry.cancel = () => {
      cancelled = true
    }
    const startTick = this.#clock.monotonic()
    const ports = { clock: this.#clock, fetch: this.#fetch, stop: this.#stopping.signal }
    const status = await probe(entry.url, ports)
    if (cancelled) return
    const now = this.#clock.monotonic()
    this.#found(entry, status, now - startTick)
    this.#probeIn(entry, untilNextProbe(entry.phase, this.#intervalMs, now))
  }

  /** `status`: null without an answer; then how long that took says nothing. */
  #found(entry: Watched, status: number | null, durationMs: number): void {
    const before = entry.reach.reachable
    const reachable = status !== null && status < 500
    entry.reach = {
      reachable,
      lastProbe: this.#clock.now(),
      latencyMs: status === null ? null : Math.round(durationMs),
    }
    if (reachable === before || (reachable && before === null)) return
    const fields = { droplet: entry.name, response_status: status }
    this.#log.info(reachable ? 'a droplet is up again' : 'a droplet is down', fields)
  }
}
