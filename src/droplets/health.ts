import type { AttemptResult, EventBus } from '../events.ts'
import { inTurns, type Work } from '../platform/turns.ts'
import type { Clock, Fetch, Log } from '../ports.ts'
import type { Task } from '../task.ts'
import type { Directory, DropletList } from './directory.ts'
import { DownLog, type Finding } from './down-log.ts'
import { nameKey, SLICE, type Droplet } from './droplet.ts'
import { isThere } from './is-there.ts'
import { ProbeQueue } from './probe-queue.ts'
import { probe, untilNextProbe } from './probe.ts'

/**
 * How often the list is compared with what is watched. The first probes of new droplets are
 * spread over this time.
 */
const LIST_INTERVAL_MS = 500

export interface Reach {
  /** Null: not known yet. */
  readonly reachable: boolean | null
  /** When that was found; wall clock, ms. */
  readonly lastProbe: number | null
  /** Of the last probe or attempt, whole ms; null when it got no answer. */
  readonly latencyMs: number | null
  /** How the last one failed that did, however long ago. */
  readonly lastFailure: Failure | null
}

export interface Failure {
  /** Wall clock, ms. */
  readonly at: number
  /** HTTP status, of 500 and more; null: there was no answer, and `error` says why. */
  readonly status: number | null
  readonly error: string | null
}

export interface DropletHealth {
  start(): void
  /** May be called twice, or before `start`; after it, `start` does nothing. */
  stop(): Promise<void>
  of(name: string): Reach
  /**
   * Probes a droplet now. Whether it is there, however unwell: a 500 is an answer of its own. False
   * for one that is not listed. Never rejects.
   */
  lookAt(name: string): Promise<boolean>
  reachableCount(): number
  /** Those that are known not to answer, or to answer with 5xx. */
  unreachableCount(): number
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
  readonly url: string
  readonly downLog: DownLog
  /** 0 to 1: when in each interval this droplet is probed, so that not all are at once. */
  readonly phase: number
  reach: Reach
  /** It waits for its turn to be probed, or is being probed. */
  scheduled: boolean
  /** It is listed no more, or elsewhere. */
  gone: boolean
}

const UNKNOWN: Reach = Object.freeze({
  reachable: null,
  lastProbe: null,
  latencyMs: null,
  lastFailure: null,
})

/**
 * Knows which droplets answer, and not with 5xx: from probes of their `/health`, and from the
 * attempts of tasks.
 */
export function createHealth(options: HealthOptions): DropletHealth {
  return new ProbedHealth(options)
}

class ProbedHealth implements DropletHealth {
  readonly #options: HealthOptions
  readonly #clock: Clock
  readonly #stopping = new AbortController()
  /** By `nameKey`: those that are probed, and those of which a task found out something. */
  readonly #watched = new Map<string, Watched>()
  readonly #queue: ProbeQueue<Watched>
  #reachable = 0
  #unreachable = 0
  #seen: Directory | null = null
  #probing = false
  #cancelFollow = () => {}

  constructor(options: HealthOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#queue = new ProbeQueue(options.clock, (entry) => this.#probe(entry))
    options.events.on('attempt ended', ({ task, result }) => this.#recordAttempt(task, result))
  }

  start(): void {
    if (this.#probing || this.#options.intervalMs <= 0 || this.#stopping.signal.aborted) return
    this.#probing = true
    // Droplets that are known from before the start have no turn yet.
    this.#seen = null
    this.#followAgain()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelFollow()
    await this.#queue.stop()
  }

  of(name: string): Reach {
    const droplet = this.#options.list.directory().find(name)
    const entry = droplet && this.#watched.get(nameKey(name))
    return entry?.url === droplet?.url ? (entry?.reach ?? UNKNOWN) : UNKNOWN
  }

  reachableCount(): number {
    this.#follow()
    return this.#reachable
  }

  unreachableCount(): number {
    this.#follow()
    return this.#unreachable
  }

  async lookAt(name: string): Promise<boolean> {
    const droplet = this.#options.list.directory().find(name)
    if (!droplet || this.#stopping.signal.aborted) return false
    const finding = await this.#look(this.#watch(droplet))
    return finding !== null && isThere(finding.status)
  }

  #recordAttempt(task: Task, { outcome, status, durationMs, isOurs }: AttemptResult): void {
    // What we ended ourselves says nothing about the droplet.
    if (outcome === 'cancelled' || outcome === 'interrupted' || isOurs) return
    this.#follow()
    const droplet = this.#options.list.directory().find(task.dropletName)
    const error = task.attempts.at(-1)?.error ?? null
    if (droplet) this.#found(this.#watch(droplet), { status, error }, durationMs)
  }

  #followAgain(): void {
    this.#follow()
    this.#cancelFollow = this.#clock.after(LIST_INTERVAL_MS, () => this.#followAgain())
  }

  /** Brings what is watched in line with the list: a short one in this turn. */
  #follow(): void {
    const directory = this.#options.list.directory()
    if (directory === this.#seen) return
    this.#seen = directory
    void inTurns(this.#compare(directory), this.#clock)
  }

  *#compare(directory: Directory): Work<void> {
    let compared = 0
    // Not once there is another list: that one is compared then.
    const isLate = () => this.#seen !== directory || this.#stopping.signal.aborted
    for (const [key, entry] of this.#watched) {
      if (directory.find(key)?.url !== entry.url) this.#forget(key, entry)
      if (++compared % SLICE === 0) yield
      if (isLate()) return
    }
    if (!this.#probing) return
    for (const droplet of directory.droplets) {
      this.#schedule(this.#watch(droplet))
      if (++compared % SLICE === 0) yield
      if (isLate()) return
    }
  }

  #watch(droplet: Droplet): Watched {
    const { name, url } = droplet
    const key = nameKey(name)
    const before = this.#watched.get(key)
    if (before?.url === url) return before
    if (before) this.#forget(key, before)
    // By name and not by position, so that a droplet keeps its phase when the list changes.
    const phase = Bun.hash.xxHash32(key) / 2 ** 32
    const downLog = new DownLog(this.#options.log, droplet)
    const entry = { url, downLog, phase, reach: UNKNOWN, scheduled: false, gone: false }
    this.#watched.set(key, entry)
    return entry
  }

  #forget(key: string, entry: Watched): void {
    this.#setReach(entry, UNKNOWN)
    entry.gone = true
    this.#watched.delete(key)
  }

  #schedule(entry: Watched): void {
    if (entry.scheduled) return
    entry.scheduled = true
    this.#queue.add(entry, entry.phase * LIST_INTERVAL_MS)
  }

  async #probe(entry: Watched): Promise<void> {
    await this.#look(entry)
    if (entry.gone || this.#stopping.signal.aborted) return
    const now = this.#clock.monotonic()
    this.#queue.add(entry, untilNextProbe(entry.phase, this.#options.intervalMs, now))
  }

  /** null: it is listed no more, or the service stops. */
  async #look(entry: Watched): Promise<Finding | null> {
    if (entry.gone) return null
    const startTick = this.#clock.monotonic()
    const ports = { ...this.#options, stop: this.#stopping.signal }
    const finding = await probe(entry.url, ports)
    if (entry.gone || this.#stopping.signal.aborted) return null
    this.#found(entry, finding, this.#clock.monotonic() - startTick)
    return finding
  }

  /** Without an answer, how long that took says nothing. */
  #found(entry: Watched, finding: Finding, durationMs: number): void {
    const { status } = finding
    const now = this.#clock.now()
    const reachable = status !== null && status < 500
    this.#setReach(entry, {
      reachable,
      lastProbe: now,
      latencyMs: status === null ? null : Math.round(durationMs),
      lastFailure: reachable ? entry.reach.lastFailure : { at: now, ...finding },
    })
    entry.downLog.note(finding, this.#clock.monotonic())
  }

  #setReach(entry: Watched, reach: Reach): void {
    this.#reachable += Number(reach.reachable === true) - Number(entry.reach.reachable === true)
    this.#unreachable += Number(reach.reachable === false) - Number(entry.reach.reachable === false)
    entry.reach = reach
  }
}
