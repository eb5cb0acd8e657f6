import type { Config } from '../config/config.ts'
import type { Log } from '../ports.ts'
import { isFile } from './list-reader.ts'

/** Warns when we would register under an address at which nobody else reaches us. */
export function warnOfPublicUrl(
  { publicUrl, registry }: Pick<Config, 'publicUrl' | 'registry'>,
  ownUrl: string | null,
  log: Log,
): void {
  const { url, registerSelf } = registry
  if (publicUrl !== null || !registerSelf || isFile(url) || isOnThisHost(url)) return
  log.warning(`others cannot reach us at ${ownUrl}: set PUBLIC_URL`, { registry_url: url })
}

function isOnThisHost(url: string): boolean {
  const { hostname } = new URL(url)
  return (
    /^(.+\.)?localhost\.?$/.test(hostname) ||
    // As the parser writes them; 0.0.0.0 and :: are this host, too, for those who call.
    /^(127\.|0\.0\.0\.0$|\[::1?\]$|\[::ffff:7f)/.test(hostname)
  )
}
