/** The list of droplets, kept in step with the Registry. */
import type { Config } from '../config/config.ts'
import type { AllowList } from '../droplets/allow-list.ts'
import type { DropletList } from '../droplets/directory.ts'
import type { Droplet } from '../droplets/droplet.ts'
import type { Clock, Fetch, Log } from '../ports.ts'
import type { DirectoryCache } from './disk-cache.ts'
import type { CacheStatus } from './snapshot.ts'
import type { RegistryStats } from './sync.ts'
import { SyncedRegistry } from './synced-registry.ts'

export type LookUp =
  | { readonly kind: 'found'; readonly droplet: Droplet }
  | { readonly kind: 'not listed' }
  /** There is no list, or it has expired. */
  | { readonly kind: 'no list' }
  /** The service is about to stop. */
  | { readonly kind: 'stopping' }

export interface Registry extends DropletList {
  /**
   * Reads the cached list. Never rejects; a disk that hangs is waited for MAX_RESTORE_MS. `start`
   * does it otherwise.
   */
  restore(): Promise<void>
  /** Reads the cached list and begins to sync. Doesn't wait for the Registry, never rejects. */
  start(): Promise<void>
  /** Ends what is in flight. Safe twice, safe unstarted; it doesn't start again. */
  stop(): Promise<void>
  cacheStatus(): CacheStatus
  /** Whole seconds since the last successful sync; null without a list. */
  cacheAgeSeconds(): number | null
  servedFrom(): 'registry' | 'cache'
  /** How long a stale list stays usable, ms; null: for ever, or it isn't stale. */
  usableForMs(): number | null
  /** What REGISTRY_ERROR tells, from whatever route. */
  errorDetails(): RegistryErrorDetails
  /**
   * Like `find`, but asks the Registry about an unknown name in a sync that begins after the
   * question: at most once a second for all callers. Never rejects.
   */
  lookUp(name: string): Promise<LookUp>
  /** The first MAX_NAMES names that `isVisible`, sorted; without it, of all names. */
  firstNames(isVisible?: (name: string) => boolean): Promise<readonly string[]>
  /** Answers all look-ups, now and from now on, without asking. */
  releaseLookUps(): void
  /** Syncs now, or waits for the sync in flight. Never rejects: see `cacheStatus`. */
  refresh(): Promise<void>
  stats(): RegistryStats
  /** Our own id in the Registry. */
  selfId(): string | number | null
  registered(): boolean
}

export interface RegistryErrorDetails {
  /** Without credentials: the configuration takes none. */
  readonly registry_url: string
  /** The last successful one, also of an earlier run; Unix seconds. */
  readonly last_sync: number | null
  /** Why the last failed sync failed. */
  readonly last_error: string | null
}

export interface RegistryOptions {
  config: Pick<Config, 'registry' | 'publicUrl'>
  clock: Clock
  fetch: Fetch
  log: Log
  cache: DirectoryCache
  /** Droplets that it refuses are listed, and told of. */
  allowList: Pick<AllowList, 'host'>
  /** What we register as; null while it isn't known yet. */
  publicUrl: () => string | null
}

export function createRegistry(options: RegistryOptions): Registry {
  return new SyncedRegistry(options)
}
