import { dropletUrl } from '../droplets/droplet.ts'
import type { Log } from '../ports.ts'
import type { RegistryClientOptions } from './client.ts'
import type { OwnEntry, Registration } from './droplet-list.ts'
import { correctEntry, correctEntryByName, createEntry, type EntryResult } from './own-entry.ts'
import { repeatedWarning } from './repeated-warning.ts'

export interface SelfRegistration {
  /**
   * `own`: our entry in a list that has just come. Registers us, or corrects our endpoint, where
   * that is needed. One check at a time: a call during one waits for that one. Never rejects.
   */
  check(own: OwnEntry | null): Promise<void>
  id(): string | number | null
  registered(): boolean
}

export interface SelfRegistrationOptions {
  client: RegistryClientOptions
  /** False: only looks whether we are listed. */
  enabled: boolean
  log: Log
  /** Null: not listening yet, so there is nothing to register. */
  publicUrl: () => string | null
  /** Called when our entry has been made or corrected. */
  onRegistered: (entry: Registration) => void
}

/**
 * Our own entry in the Registry. A Registry that has restarted no longer lists us: the check
 * after the next sync then registers us again.
 */
export function createSelfRegistration(options: SelfRegistrationOptions): SelfRegistration {
  const { client, enabled, log, publicUrl, onRegistered } = options
  const failing = repeatedWarning(log)
  let id: string | number | null = null
  let registered = false
  let checking: Promise<void> | null = null

  async function check(own: OwnEntry | null): Promise<void> {
    registered = own !== null
    if (own) id = own.id
    const endpoint = enabled ? normalised(publicUrl()) : null
    if (endpoint === null || own?.url === endpoint) return
    const result = await update(client, own, endpoint)
    if (client.stop.aborted) return
    if ('fault' in result) {
      const { fault: error, reason } = result
      const more = reason === undefined ? {} : { reason }
      return failing.warn('registering with the Registry failed', { error }, more)
    }
    failing.clear()
    registered = true
    id = result.id ?? id
    onRegistered({ ...result, id })
    log.info('registered with the Registry', { id, endpoint })
  }

  return {
    check(own) {
      checking ??= check(own).finally(() => {
        checking = null
      })
      return checking
    },
    id: () => id,
    registered: () => registered,
  }
}

function update(
  client: RegistryClientOptions,
  own: OwnEntry | null,
  endpoint: string,
): Promise<EntryResult> {
  if (!own) return createEntry(client, endpoint)
  return own.id === null
    ? correctEntryByName(client, endpoint)
    : correctEntry(client, own.id, endpoint)
}

function normalised(publicUrl: string | null): string | null {
  if (publicUrl === null) return null
  const parsed = dropletUrl(publicUrl)
  return 'url' in parsed ? parsed.url : publicUrl
}
