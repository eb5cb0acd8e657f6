import { errorText } from '../errors.ts'
import { readListFile, request, type RegistryClientOptions } from './client.ts'
import type { ParsedList } from './droplet-list.ts'
import { parseList } from './parse-list.ts'

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
    : await request(client, 'GET', '/droplets')
  if (!reply.ok) return { ok: false, error: reply.error }
  const { status, body } = reply.value
  if (status !== 200) return { ok: false, error: `it answered ${status}` }
  try {
    const parsed = await parseList(body, client.stop)
    return parsed.ok ? parsed : { ok: false, error: FAULTS[parsed.fault] }
  } catch (error) {
    return { ok: false, error: errorText(error) }
  }
}

const FAULTS = {
  'not JSON': 'its answer is not JSON',
  'no list': 'its answer is no list of droplets',
} as const
