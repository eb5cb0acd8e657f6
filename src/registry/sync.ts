import type { AllowList } from '../droplets/allow-list.ts'
import { Directory } from '../droplets/directory.ts'
import { inTurns, type Work } from '../platform/turns.ts'
import type { Clock, Log } from '../ports.ts'
import { fromCache, toCache } from './cached-snapshot.ts'
import type { RegistryClientOptions } from './client.ts'
import type { CachedList } from './disk-cache.ts'
import type { OwnEntry, ParsedList, Registration } from './droplet-list.ts'
import { ExpiryAlarm } from './expiry-alarm.ts'
import { isFile, readList } from './list-reader.ts'
import { refusedOf } from './refused-droplets.ts'
import { afterFailure, afterList, unknownMesh } from './snapshot.ts'
import type { Moment, NextSnapshot, Snapshot, SyncRules } from './snapshot.ts'
import { SyncLog } from './sync-log.ts'

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
  allowList: Pick<AllowList, 'host'>
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
  readonly #log: SyncLog

  #snapshot: Snapshot = unknownMesh
  #succeeded = 0
  #failed = 0
  #lastDurationMs: number | null = null
  #lastError: string | null = null

  constructor(options: ListSyncOptions) {
    this.#options = options
    const { client, log, cacheExpiryMs, registersSelf } = options
    this.#clock = client.clock
    this.#rules = { expiryMs: cacheExpiryMs, forgets: !isFile(client.url), registersSelf }
    this.#alarm = new ExpiryAlarm({
      clock: this.#clock,
      expiryMs: cacheExpiryMs,
      snapshot: () => this.#snapshot,
      onUnavailable: () => this.#log.unavailable(this.#snapshot, this.#lastError),
    })
    client.stop.addEventListener('abort', () => this.#alarm.stop())
    this.#log = new SyncLog({ log, url: client.url, cacheExpiryMs })
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
    const { client, onList, allowList } = this.#options
    this.#log.skipped(list)
    this.#log.refused(await inTurns(refusedOf(list.droplets, allowList), this.#clock))
    const directory = await inTurns(Directory.build(list.droplets), this.#clock)
    const listed = { directory, own: list.own, startedAt }
    const next = await this.#changed(afterList(this.#snapshot, listed, this.#now(), this.#rules))
    if (client.stop.aborted) return
    if (next.snapshot.last === 'empty') {
      this.#fail('it lists no droplets: keeping the list from before', next)
    } else {
      await this.#accept(next)
    }
    // Last: what it finds out about our entry is newer than this list.
    onList(list.own)
  }

  /** What `work` makes of our snapshot; we may register meanwhile. */
  async #changed(work: Work<NextSnapshot>): Promise<NextSnapshot> {
    const before = this.#snapshot
    const next = await inTurns(work, this.#clock)
    const { own } = this.#snapshot
    return own === before.own ? next : { ...next, snapshot: { ...next.snapshot, own } }
  }

  async #accept({ snapshot, change }: NextSnapshot): Promise<void> {
    const { client, onAccepted } = this.#options
    const before = this.#snapshot
    this.#snapshot = snapshot
    this.#succeeded++
    this.#log.succeeded(before, snapshot, this.#lastDurationMs)
    this.#log.unlisted(change)
    this.#alarm.watch()
    const list = await inTurns(toCache(snapshot, this.#now()), this.#clock)
    if (list) onAccepted({ ...list, registryUrl: client.url })
  }

  #fail(error: string, { snapshot, change }: NextSnapshot): void {
    this.#snapshot = snapshot
    this.#lastError = error
    this.#failed++
    this.#log.unlisted(change)
    this.#log.failed(error, snapshot, this.#clock.monotonic(), this.#lastDurationMs)
    this.#alarm.watch()
  }

  #now(): Moment {
    return { wall: this.#clock.now(), monotonic: this.#clock.monotonic() }
  }
}
