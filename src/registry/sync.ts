import type { Config } from '../config/config.ts'
import { OrchestratorError } from '../errors.ts'
import type { Clock, Fetch, Log } from '../ports.ts'
import type { Directory } from '../droplets/directory.ts'
import type { DirectoryCache } from './disk-cache.ts'
import { type Droplet } from '../droplets/droplet.ts'
import { parseDropletList, type ParsedList } from './droplet-list.ts'
import { exchange, readListFile, type FarEnd } from './client.ts'
import { createSelfRegistration, type SelfRegistration } from './self-registration.ts'
import { afterFailure, afterList, ageMs, cacheStatus, fromCache, unknownMesh } from './snapshot.ts'
import type { CacheStatus, Moment, Snapshot } from './snapshot.ts'
import type { Limited } from '../platform/time-limit.ts'
import { repeatedWarning, type RepeatedWarning } from './repeated-warning.ts'

export interface RegistryStats {
  readonly syncsTotal: number
  readonly syncsSuccess: number
  readonly syncsError: number
  /** The last successful one, also of an earlier run; wall clock, ms. */
  readonly lastSyncAt: number | null
  /** The last one, however it ended. */
  readonly lastSyncDurationMs: number | null
}

export interface Registry {
  /** Reads the cached list and begins to sync. Doesn't wait for the Registry, never rejects. */
  start(): Promise<void>
  /** Ends what is in flight. Safe twice, safe unstarted; it doesn't start again. */
  stop(): Promise<void>
  /** The list as it is known now; it may be stale, or expired. */
  directory(): Directory
  cacheStatus(): CacheStatus
  /** Whole seconds since the last successful sync; null without a list. */
  cacheAgeSeconds(): number | null
  servedFrom(): 'registry' | 'cache'
  /** A droplet of the usable list, by name in any case: what routing does first. */
  find(name: string): Droplet | undefined
  /**
   * Like `find`, but asks the Registry once more, at most once a second for all callers.
   * Rejects with DROPLET_NOT_FOUND, or with REGISTRY_ERROR when there is no usable list.
   */
  lookUp(name: string): Promise<Droplet>
  /** Syncs now, or waits for the sync in flight. Never rejects: see `cacheStatus`. */
  refresh(): Promise<void>
  stats(): RegistryStats
  /** Our own id in the Registry. */
  selfId(): string | number | null
  registered(): boolean
}

export interface RegistryOptions {
  config: Pick<Config, 'registry'>
  clock: Clock
  fetch: Fetch
  log: Log
  cache: DirectoryCache
  /** What we register as; null while it isn't known yet. */
  publicUrl: () => string | null
}

/** Unknown names bring at most one sync in this time. */
const MISS_INTERVAL_MS = 1000
const MOST_NAMES = 100

/** Keeps the list of droplets in step with the Registry. */
export function createRegistry(options: RegistryOptions): Registry {
  return new SyncedRegistry(options)
}

class SyncedRegistry implements Registry {
  readonly #clock: Clock
  readonly #log: Log
  readonly #cache: DirectoryCache
  readonly #config: Config['registry']
  readonly #farEnd: FarEnd
  readonly #self: SelfRegistration
  readonly #failing: RepeatedWarning
  readonly #skipping: RepeatedWarning
  readonly #stopping = new AbortController()

  #snapshot: Snapshot = unknownMesh
  #stats = { syncsSuccess: 0, syncsError: 0, lastSyncDurationMs: null as number | null }
  #started = false
  #lastError = 'no sync has ended yet'
  #lastMissAt = -Infinity
  #inFlight: Promise<void> | null = null
  #registering: Promise<void> = Promise.resolve()
  #saving: Promise<void> | null = null
  #unsaved = false
  #cancelNext = () => {}

  constructor({ config, clock, fetch, log, cache, publicUrl }: RegistryOptions) {
    this.#config = config.registry
    this.#clock = clock
    this.#log = log
    this.#cache = cache
    this.#failing = repeatedWarning(log)
    this.#skipping = repeatedWarning(log)
    const { url, timeoutMs, registerSelf } = config.registry
    this.#farEnd = { clock, fetch, timeoutMs, stop: this.#stopping.signal }
    this.#self = createSelfRegistration({
      registryUrl: url,
      enabled: registerSelf && !isFile(url),
      farEnd: this.#farEnd,
      log,
      publicUrl,
    })
  }

  async start(): Promise<void> {
    if (this.#started || this.#stopping.signal.aborted) return
    this.#started = true
    const cached = await this.#cache.read()
    // A refresh that came before us knows better than the disk.
    if (cached && this.#snapshot.synced === null) {
      this.#snapshot = { ...fromCache(cached, this.#now()), last: this.#snapshot.last }
    }
    void this.refresh()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#cancelNext()
    await Promise.all([this.#inFlight, this.#registering, this.#saving])
  }

  directory(): Directory {
    return this.#snapshot.directory
  }

  cacheStatus(): CacheStatus {
    return cacheStatus(this.#snapshot, this.#clock.monotonic(), this.#config.cacheExpiryMs)
  }

  cacheAgeSeconds(): number | null {
    const age = ageMs(this.#snapshot, this.#clock.monotonic())
    return age === null ? null : Math.floor(age / 1000)
  }

  servedFrom(): 'registry' | 'cache' {
    return this.#snapshot.last === 'ok' ? 'registry' : 'cache'
  }

  find(name: string): Droplet | undefined {
    return this.cacheStatus() === 'unavailable' ? undefined : this.#snapshot.directory.find(name)
  }

  async lookUp(name: string): Promise<Droplet> {
    const known = this.find(name)
    if (known) return known
    await this.#refreshForMiss()
    const found = this.find(name)
    if (found) return found
    throw this.cacheStatus() === 'unavailable'
      ? registryError(this.#lastError)
      : notFound(name, this.#snapshot.directory.names())
  }

  refresh(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.resolve()
    this.#inFlight ??= this.#sync().finally(() => {
      this.#inFlight = null
      this.#schedule()
    })
    return this.#inFlight
  }

  stats(): RegistryStats {
    const { syncsSuccess, syncsError, lastSyncDurationMs } = this.#stats
    const lastSyncAt = this.#snapshot.synced?.wall ?? null
    const syncsTotal = syncsSuccess + syncsError
    return { syncsTotal, syncsSuccess, syncsError, lastSyncAt, lastSyncDurationMs }
  }

  selfId(): string | number | null {
    return this.#self.id()
  }

  registered(): boolean {
    return this.#self.registered()
  }

  #now(): Moment {
    return { wall: this.#clock.now(), monotonic: this.#clock.monotonic() }
  }

  #schedule(): void {
    this.#cancelNext()
    if (!this.#started || this.#stopping.signal.aborted) return
    this.#cancelNext = this.#clock.after(this.#config.syncIntervalMs, () => void this.refresh())
  }

  #refreshForMiss(): Promise<void> {
    if (this.#inFlight) return this.#inFlight
    const now = this.#clock.monotonic()
    if (now - this.#lastMissAt < MISS_INTERVAL_MS) return Promise.resolve()
    this.#lastMissAt = now
    return this.refresh()
  }

  async #sync(): Promise<void> {
    const begun = this.#clock.monotonic()
    const list = await readList(this.#farEnd, this.#config.url)
    if (this.#stopping.signal.aborted) return
    this.#stats.lastSyncDurationMs = Math.round(this.#clock.monotonic() - begun)
    if (list.ok) this.#accept(list.value)
    else this.#fail(list.error, afterFailure(this.#snapshot))
  }

  #accept(list: ParsedList): void {
    this.#tellSkipped(list)
    // Whether the list is believed or not: a Registry that restarted needs us back.
    this.#registering = this.#self.check(list.droplets)
    const before = this.#snapshot
    const next = afterList(before, list.droplets, this.#now(), this.#config.cacheExpiryMs)
    if (next.last === 'held') {
      return this.#fail('it lists no droplets: keeping the list from before', next)
    }
    this.#snapshot = next
    this.#stats.syncsSuccess++
    if (this.#failing.clear() || before.last !== 'ok') {
      this.#log.info('Synced with the Registry', { droplets: next.directory.size })
    }
    this.#save()
  }

  #fail(error: string, next: Snapshot): void {
    this.#snapshot = next
    this.#lastError = error
    this.#stats.syncsError++
    this.#failing.warn('The sync with the Registry failed', { error })
  }

  #tellSkipped({ skipped, firstReason }: ParsedList): void {
    if (skipped === 0) {
      this.#skipping.clear()
      return
    }
    this.#skipping.warn('Droplets that are not valid were skipped', { skipped, first: firstReason })
  }

  // Beside the sync, one write at a time and only the newest list: a disk that hangs must hold
  // up neither routing nor the next sync.
  #save(): void {
    this.#unsaved = true
    this.#saving ??= this.#writeNewest().finally(() => {
      this.#saving = null
    })
  }

  async #writeNewest(): Promise<void> {
    while (this.#unsaved && this.#snapshot.synced) {
      this.#unsaved = false
      const { directory, synced } = this.#snapshot
      await this.#cache.write({ syncedAt: synced.wall, droplets: directory.droplets })
    }
  }
}

function isFile(registryUrl: string): boolean {
  return registryUrl.startsWith('file:')
}

async function readList(farEnd: FarEnd, registryUrl: string): Promise<Limited<ParsedList>> {
  const reply = isFile(registryUrl)
    ? await readListFile(farEnd, registryUrl)
    : await exchange(farEnd, 'GET', `${registryUrl}/droplets`)
  if (!reply.ok) return reply
  const { status, json } = reply.value
  if (status !== 200) return { ok: false, error: `it answered ${status}` }
  if (json === undefined) return { ok: false, error: 'its answer is not JSON' }
  const value = parseDropletList(json)
  return value ? { ok: true, value } : { ok: false, error: 'its answer is no list of droplets' }
}

function notFound(name: string, names: readonly string[]): OrchestratorError {
  return new OrchestratorError('DROPLET_NOT_FOUND', `Droplet '${name}' is not in the Registry`, {
    requested_droplet: name,
    available_droplets: names.slice(0, MOST_NAMES),
  })
}

function registryError(lastError: string): OrchestratorError {
  return new OrchestratorError(
    'REGISTRY_ERROR',
    'The Registry cannot be reached and there is no usable list of droplets',
    { last_error: lastError },
  )
}
