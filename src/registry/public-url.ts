import type { Config } from '../config/config.ts'
import type { Log } from '../ports.ts'
import { isFile } from './list-reader.ts'

/** Warns when we would register under an address at which nobody else reaches us. */
export function warnOfPublicUrl(
  config: Pick<Config, 'publicUrl' | 'registry'>,
  ownUrl: string | null,
  log: Log,
): void {
  const fault = publicUrlFault(config, ownUrl)
  if (fault !== null) log.warning(fault, { registry_url: config.registry.url })
}

/** The same in a line for people; null: nothing is wrong. */
export function publicUrlFault(
  { publicUrl, registry }: Pick<Config, 'publicUrl' | 'registry'>,
  ownUrl: string | null,
): string | null {
  const { url, registerSelf } = registry
  if (publicUrl !== null || !registerSelf || isFile(url) || isOnThisHost(url)) return null
  return `others cannot reach us at ${ownUrl}: set PUBLIC_URL`
}

/** Whether the URL leads to the machine that asks. */
export function isOnThisHost(url: string): boolean {
  const { hostname } = new URL(url)
  return (
    /^(.+\.)?localhost\.?$/.test(hostname) ||
    // As the parser writes them; 0.0.0.0 and :: are this host, too, for those who call.
    /^(127\.|0\.0\.0\.0$|\[::1?\]$|\[::ffff:7f)/.test(hostname)
  )
}
