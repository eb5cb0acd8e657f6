import type { Clock, Log } from '../ports.ts'
import type { RegistryClientOptions } from './client.ts'
import type { CachedList } from './disk-cache.ts'
import type { ParsedList } from './droplet-list.ts'
import { readList } from './list-reader.ts'
import { repeatedWarning } from './repeated-warning.ts'
import { afterFailure, afterList, fromCache, unknownMesh } from './snapshot.ts'
import type { Moment, Snapshot } from './snapshot.ts'

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
  /** Called with each list that is read, whether it is used or not. */
  onList: (list: ParsedList) => void
  /** Called with each list that is used from now on. */
  onAccepted: (list: CachedList) => void
}

/** Reads the Registry's list, decides whether to use it, and counts and logs how that ended. */
export class ListSync {
  readonly #options: ListSyncOptions
  readonly #clock: Clock
  readonly #failing
  readonly #skipping

  #snapshot: Snapshot = unknownMesh
  #succeeded = 0
  #failed = 0
  #lastDurationMs: number | null = null
  #lastError = 'no sync has ended yet'

  constructor(options: ListSyncOptions) {
    this.#options = options
    this.#clock = options.client.clock
    this.#failing = repeatedWarning(options.log)
    this.#skipping = repeatedWarning(options.log)
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /** Why the last failed sync failed. */
  get lastError(): string {
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
  restore(cached: CachedList): void {
    if (this.#snapshot.synced !== null) return
    this.#snapshot = { ...fromCache(cached, this.#now()), last: this.#snapshot.last }
  }

  /** One sync. Never rejects; one that is stopped counts for nothing. */
  async run(): Promise<void> {
    const { client } = this.#options
    const startedAt = this.#clock.monotonic()
    const read = await readList(client)
    if (client.stop.aborted) return
    this.#lastDurationMs = Math.round(this.#clock.monotonic() - startedAt)
    if (read.ok) this.#take(read.list)
    else this.#fail(read.error, afterFailure(this.#snapshot))
  }

  #take(list: ParsedList): void {
    const { cacheExpiryMs, onList } = this.#options
    this.#warnAboutSkipped(list)
    onList(list)
    const next = afterList(this.#snapshot, list.droplets, this.#now(), cacheExpiryMs)
    if (next.last === 'empty') {
      this.#fail('it lists no droplets: keeping the list from before', next)
    } else {
      this.#accept(next)
    }
  }

  #accept(next: Snapshot): void {
    const { log, onAccepted } = this.#options
    const wasOk = this.#snapshot.last === 'ok'
    this.#snapshot = next
    this.#succeeded++
    const { droplets } = next.directory
    if (this.#failing.clear() || !wasOk) {
      log.info('Synced with the Registry', { droplets: droplets.length })
    }
    if (next.synced) onAccepted({ syncedAt: next.synced.wall, droplets })
  }

  #fail(error: string, next: Snapshot): void {
    this.#snapshot = next
    this.#lastError = error
    this.#failed++
    this.#failing.warn('The sync with the Registry failed', { error })
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
