import { Directory } from '../droplets/directory.ts'
import { inTurns, type Work } from '../platform/turns.ts'
import type { Clock, Log } from '../ports.ts'
import type { RegistryClientOptions } from './client.ts'
import type { CachedList } from './disk-cache.ts'
import type { OwnEntry, ParsedList, Registration } from './droplet-list.ts'
import { ExpiryAlarm } from './expiry-alarm.ts'
import { isFile, readList } from './list-reader.ts'
import { repeatedWarning } from './repeated-warning.ts'
import { afterFailure, afterList, fromCache, toCache, unknownMesh } from './snapshot.ts'
import type { Moment, Snapshot, SyncRules } from './snapshot.ts'
import { tellUnlisted } from './unlisted-log.ts'

export interface RegistryStats {
  readonly syncsTotal: number
  readonly syncsSuccess: number
  readonly syncsError: number
  /** Of the last successful sync, also of an earlier run; wall clock, ms. */
  readonly lastSyncAt: number | null
  /** Of the last sync, successful or not. */
  readonly lastSyncDurationMs: number | null
}

export interface ListSyncOptions {
  client: RegistryClientOptions
  log: Log
  cacheExpiryMs: number
  /** Whether we register ourselves there. */
  registersSelf: boolean
  /** Called with our entry in each list that is read, whether the list is used or not. */
  onList: (own: OwnEntry | null) => void
  /** Called with each list that is used from now on. */
  onAccepted: (list: CachedList) => void
}

/** Reads the Registry's list, decides whether to use it, and counts and logs how that ended. */
export class ListSync {
  readonly #options: ListSyncOptions
  readonly #clock: Clock
  readonly #rules: SyncRules
  readonly #alarm: ExpiryAlarm
  readonly #failing
  readonly #skipping

  #snapshot: Snapshot = unknownMesh
  #succeeded = 0
  #failed = 0
  #lastDurationMs: number | null = null
  #lastError: string | null = null

  constructor(options: ListSyncOptions) {
    this.#options = options
    const { client, cacheExpiryMs, registersSelf } = options
    this.#clock = client.clock
    this.#rules = { expiryMs: cacheExpiryMs, forgets: !isFile(client.url), registersSelf }
    this.#alarm = new ExpiryAlarm({
      clock: this.#clock,
      expiryMs: cacheExpiryMs,
      snapshot: () => this.#snapshot,
      onExpired: () => this.#tellExpired(),
    })
    client.stop.addEventListener('abort', () => this.#alarm.stop())
    this.#failing = repeatedWarning(options.log)
    this.#skipping = repeatedWarning(options.log)
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /** Why the last failed sync failed; null: none has failed yet. */
  get lastError(): string | null {
    return this.#lastError
  }

  get stats(): RegistryStats {
    return {
      syncsTotal: this.#succeeded + this.#failed,
      syncsSuccess: this.#succeeded,
      syncsError: this.#failed,
      lastSyncAt: this.#snapshot.synced?.wall ?? null,
      lastSyncDurationMs: this.#lastDurationMs,
    }
  }

  /** Starts from the list of an earlier run, unless the Registry has already sent one. */
  async restore(cached: CachedList): Promise<void> {
    const { client } = this.#options
    const restored = await inTurns(fromCache(cached, this.#now()), this.#clock)
    if (this.#snapshot.synced !== null) return
    // Another Registry has never heard of our entry there.
    const isSame = (cached.registryUrl ?? client.url) === client.url
    const { last, own } = this.#snapshot
    this.#snapshot = { ...restored, last, own: own ?? (isSame ? restored.own : null) }
  }

  /** We have registered, and the next list must have us. */
  registered({ id, registeredAt }: Registration): void {
    const own = { id, registeredAt, knownSince: this.#clock.monotonic() }
    this.#snapshot = { ...this.#snapshot, own }
  }

  /** One sync. Never rejects; one that is stopped counts for nothing. */
  async run(): Promise<void> {
    const { client } = this.#options
    const startedAt = this.#clock.monotonic()
    const read = await readList(client)
    if (client.stop.aborted) return
    this.#lastDurationMs = Math.round(this.#clock.monotonic() - startedAt)
    if (read.ok) return this.#take(read.list, startedAt)
    const failed = afterFailure(this.#snapshot, this.#now(), this.#rules.expiryMs)
    const next = await this.#changed(failed)
    if (!client.stop.aborted) this.#fail(read.error, next)
  }

  async #take(list: ParsedList, startedAt: number): Promise<void> {
    const { client, onList } = this.#options
    this.#warnAboutSkipped(list)
    const directory = await inTurns(Directory.build(list.droplets), this.#clock)
    const listed = { directory, own: list.own, startedAt }
    const next = await this.#changed(afterList(this.#snapshot, listed, this.#now(), this.#rules))
    if (client.stop.aborted) return
    if (next.last === 'empty') {
      this.#fail('it lists no droplets: keeping the list from before', next)
    } else {
      await this.#accept(next)
    }
    // Last: what it finds out about our entry is newer than this list.
    onList(list.own)
  }

  /** The snapshot that `work` makes of ours; we may register meanwhile. */
  async #changed(work: Work<Snapshot>): Promise<Snapshot> {
    const before = this.#snapshot
    const next = await inTurns(work, this.#clock)
    const { own } = this.#snapshot
    return own === before.own ? next : { ...next, own }
  }

  async #accept(next: Snapshot): Promise<void> {
    const { client, log, onAccepted } = this.#options
    const before = this.#snapshot
    this.#snapshot = next
    this.#succeeded++
    if (this.#failing.clear() || before.last !== 'ok') {
      log.info('Synced with the Registry', { droplets: next.directory.size })
    }
    tellUnlisted(log, before, next)
    this.#alarm.watch()
    log.debug('The list of droplets has been read', this.#told())
    const list = await inTurns(toCache(next, this.#now()), this.#clock)
    if (list) onAccepted({ ...list, registryUrl: client.url })
  }

  #fail(error: string, next: Snapshot): void {
    tellUnlisted(this.#options.log, this.#snapshot, next)
    this.#snapshot = next
    this.#lastError = error
    this.#failed++
    this.#failing.warn('The sync with the Registry failed', { error })
    this.#alarm.watch()
    this.#options.log.debug('The list of droplets could not be read', { ...this.#told(), error })
  }

  #told(): Record<string, unknown> {
    return { url: this.#options.client.url, duration_ms: this.#lastDurationMs }
  }

  #tellExpired(): void {
    const { client, log, cacheExpiryMs } = this.#options
    log.error('The list of droplets has expired: no task can be routed', {
      url: client.url,
      error: this.#lastError,
      expiry_seconds: cacheExpiryMs / 1000,
    })
  }

  #warnAboutSkipped({ skipped, firstReason }: ParsedList): void {
    if (skipped === 0) {
      this.#skipping.clear()
      return
    }
    this.#skipping.warn('Droplets that are not valid were skipped', { skipped, first: firstReason })
  }

  #now(): Moment {
    return { wall: this.#clock.now(), monotonic: this.#clock.monotonic() }
  }
}
