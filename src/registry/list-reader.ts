import { exchange, readListFile, type RegistryClientOptions } from './client.ts'
import { parseDropletList, type ParsedList } from './droplet-list.ts'

export type ReadList =
  { readonly ok: true; readonly list: ParsedList } | { readonly ok: false; readonly error: string }

/** Whether the Registry is a JSON file. */
export function isFile(registryUrl: string): boolean {
  return registryUrl.startsWith('file:')
}

/** Reads the Registry's list of droplets, over HTTP or from a file. Never rejects. */
export async function readList(client: RegistryClientOptions): Promise<ReadList> {
  const reply = isFile(client.url)
    ? await readListFile(client)
    : await exchange(client, 'GET', '/droplets')
  if (!reply.ok) return { ok: false, error: reply.error }
  const { status, json } = reply.value
  if (status !== 200) return { ok: false, error: `it answered ${status}` }
  if (json === undefined) return { ok: false, error: 'its answer is not JSON' }
  const list = parseDropletList(json)
  return list ? { ok: true, list } : { ok: false, error: 'its answer is no list of droplets' }
}
