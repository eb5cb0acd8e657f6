import type { Directory } from '../droplets/directory.ts'
import type { Droplet } from '../droplets/droplet.ts'
import { within } from '../platform/time-limit.ts'
import { inTurns } from '../platform/turns.ts'
import type { Clock } from '../ports.ts'
import type { DirectoryCache } from './disk-cache.ts'
import { isFile } from './list-reader.ts'
import { ListSaver } from './list-saver.ts'
import { LookUps } from './look-ups.ts'
import { warnOfPublicUrl } from './public-url.ts'
import type { LookUp, Registry, RegistryOptions, RegistryErrorDetails } from './registry.ts'
import { SyncSchedule } from './sync-schedule.ts'
import { createSelfRegistration, type SelfRegistration } from './self-registration.ts'
import { ageMs, cacheStatus, usableForMs, type CacheStatus } from './snapshot.ts'
import { ListSync, type RegistryStats } from './sync.ts'

/** How long the start waits for the disk that has the cached list. */
const MAX_RESTORE_MS = 2000

export class SyncedRegistry implements Registry {
  readonly #clock: Clock
  readonly #options: RegistryOptions
  readonly #cache: DirectoryCache
  readonly #expiryMs: number
  readonly #self: SelfRegistration
  readonly #saver: ListSaver
  readonly #sync: ListSync
  readonly #schedule: SyncSchedule
  readonly #lookUps: LookUps
  readonly #stopping = new AbortController()
  #started = false
  #restoring: Promise<void> | null = null
  #registering: Promise<void> = Promise.resolve()

  constructor(options: RegistryOptions) {
    const { config, clock, fetch, log, cache, publicUrl, allowList } = options
    const { url, timeoutMs, registerSelf, syncIntervalMs, cacheExpiryMs } = config.registry
    const stop = this.#stopping.signal
    const enabled = registerSelf && !isFile(url)
    const client = { url, clock, fetch, timeoutMs, stop }
    this.#clock = clock
    this.#options = options
    this.#cache = cache
    this.#expiryMs = cacheExpiryMs
    this.#self = createSelfRegistration({
      client,
      enabled,
      log,
      publicUrl,
      onRegistered: (entry) => this.#sync.registered(entry),
    })
    this.#saver = new ListSaver(cache)
    this.#sync = new ListSync({
      client,
      log,
      cacheExpiryMs,
      allowList,
      registersSelf: enabled,
      // Also with a list that isn't used: a Registry that has restarted no longer knows us.
      onList: (own) => {
        this.#registering = this.#self.check(own)
      },
      onAccepted: (list) => this.#saver.save(list),
    })
    this.#lookUps = new LookUps({ clock, refresh: () => this.refresh() })
    const sync = () => this.#lookUps.during(() => this.#sync.run())
    this.#schedule = new SyncSchedule({ clock, intervalMs: syncIntervalMs, stop, sync })
  }

  async start(): Promise<void> {
    if (this.#started || this.#stopping.signal.aborted) return
    this.#started = true
    this.#schedule.repeat()
    await this.restore()
    const { config, publicUrl, log } = this.#options
    warnOfPublicUrl(config, publicUrl(), log)
    void this.refresh()
  }

  restore(): Promise<void> {
    return (this.#restoring ??= this.#readCache())
  }

  async #readCache(): Promise<void> {
    const stop = this.#stopping.signal
    const read = await within(this.#clock, MAX_RESTORE_MS, stop, () => this.#cache.read())
    if (read.ok && read.value) await this.#sync.restore(read.value)
    if (read.ok || stop.aborted) return
    const { log, config } = this.#options
    const fields = { cache_dir: config.registry.cacheDir, error: read.error }
    log.warning('the cached droplet list cannot be used', fields)
  }

  async stop(): Promise<void> {
    this.#lookUps.release()
    this.#stopping.abort()
    // First: it may be about to save a list, and to look after our entry.
    await this.#schedule.finished()
    await Promise.all([this.#registering, this.#saver.finished()])
  }

  directory(): Directory {
    return this.#sync.snapshot.directory
  }

  cacheStatus(): CacheStatus {
    return cacheStatus(this.#sync.snapshot, this.#clock.monotonic(), this.#expiryMs)
  }

  cacheAgeSeconds(): number | null {
    const age = ageMs(this.#sync.snapshot, this.#clock.monotonic())
    return age === null ? null : Math.floor(age / 1000)
  }

  servedFrom(): 'registry' | 'cache' {
    return this.#sync.snapshot.last === 'ok' ? 'registry' : 'cache'
  }

  usableForMs(): number | null {
    return usableForMs(this.#sync.snapshot, this.#clock.monotonic(), this.#expiryMs)
  }

  errorDetails(): RegistryErrorDetails {
    const { lastSyncAt } = this.stats()
    return {
      registry_url: this.#options.config.registry.url,
      last_sync: lastSyncAt === null ? null : lastSyncAt / 1000,
      last_error: this.#sync.lastError,
    }
  }

  find(name: string): Droplet | undefined {
    return this.cacheStatus() === 'unavailable' ? undefined : this.directory().find(name)
  }

  async lookUp(name: string): Promise<LookUp> {
    if (!this.find(name)) await this.#lookUps.ask(() => this.find(name) !== undefined)
    const droplet = this.find(name)
    if (droplet) return { kind: 'found', droplet }
    if (this.#lookUps.released) return { kind: 'stopping' }
    return { kind: this.cacheStatus() === 'unavailable' ? 'no list' : 'not listed' }
  }

  firstNames(isVisible?: (name: string) => boolean): Promise<readonly string[]> {
    return inTurns(this.directory().firstNames(isVisible), this.#clock)
  }

  releaseLookUps(): void {
    this.#lookUps.release()
  }

  refresh(): Promise<void> {
    return this.#schedule.refresh()
  }

  stats(): RegistryStats {
    return this.#sync.stats
  }

  selfId(): string | number | null {
    return this.#self.id()
  }

  registered(): boolean {
    return this.#self.registered()
  }
}
