import type { LogFields } from '../log.ts'
import type { Log } from '../ports.ts'
import type { ParsedList } from './droplet-list.ts'
import type { Refused } from './refused-droplets.ts'
import { repeatedWarning } from './repeated-warning.ts'
import { cacheStatus, usableForMs, type Snapshot } from './snapshot.ts'
import type { UnlistedChange } from './unlisted.ts'

export interface SyncLogOptions {
  log: Log
  /** Of the Registry. */
  url: string
  cacheExpiryMs: number
}

/** What the log says about syncs. */
export class SyncLog {
  readonly #options: SyncLogOptions
  readonly #failing
  readonly #skipping
  readonly #refusing

  constructor(options: SyncLogOptions) {
    this.#options = options
    this.#failing = repeatedWarning(options.log)
    this.#skipping = repeatedWarning(options.log)
    this.#refusing = repeatedWarning(options.log)
  }

  succeeded(before: Snapshot, { directory }: Snapshot, durationMs: number | null): void {
    const { log, url } = this.#options
    const hadFailed = this.#failing.clear()
    if (directory.size === 0 && before.directory.size > 0) {
      log.warning('the Registry lists no droplets any more: the list from before is dropped', {
        url,
      })
    } else if (hadFailed || before.last !== 'ok') {
      log.info('synced with the Registry', { droplets: directory.size })
    }
    log.debug('the list of droplets has been read', { url, duration_ms: durationMs })
  }

  /** `now`: monotonic, ms. */
  failed(error: string, snapshot: Snapshot, now: number, durationMs: number | null): void {
    const { log, url } = this.#options
    const fields = { url, error }
    this.#failing.warn('the sync with the Registry failed', fields, this.#usable(snapshot, now))
    log.debug('the list of droplets could not be read', { ...fields, duration_ms: durationMs })
  }

  /** How long the list that is kept stays good; null: for ever. */
  #usable(snapshot: Snapshot, now: number): LogFields {
    const { cacheExpiryMs } = this.#options
    if (cacheStatus(snapshot, now, cacheExpiryMs) !== 'stale') return {}
    const ms = usableForMs(snapshot, now, cacheExpiryMs)
    return { usable_seconds: ms === null ? null : Math.ceil(ms / 1000) }
  }

  /** There is no list, or it has become too old. */
  unavailable({ synced }: Snapshot, error: string | null): void {
    const { log, url, cacheExpiryMs } = this.#options
    if (synced === null) {
      return log.error('there is no list of droplets: no task can be routed', { url, error })
    }
    const fields = { url, error, expiry_seconds: cacheExpiryMs / 1000 }
    log.error('the list of droplets has expired: no task can be routed', fields)
  }

  unlisted({ added, dropped, firstDropped: first }: UnlistedChange): void {
    const { log } = this.#options
    if (added > 0) {
      log.warning('the Registry has restarted: droplets that it has lost are kept for now', {
        unlisted: added,
      })
    }
    if (dropped > 0) {
      const msg = 'droplets that the Registry lost did not register again: dropped'
      log.warning(msg, { dropped, first })
    }
  }

  skipped({ skipped, firstReason: first }: ParsedList): void {
    if (skipped === 0) this.#skipping.clear()
    else this.#skipping.warn('droplets that are not valid were skipped', { skipped, first })
  }

  refused({ count, first }: Refused): void {
    if (count === 0) this.#refusing.clear()
    else
      this.#refusing.warn('droplets that may not be called are listed', { refused: count, first })
  }
}
