import { fileURLToPath } from 'node:url'
import { errorText } from '../errors.ts'
import { readListFile, request, type RegistryClientOptions } from './client.ts'
import type { ParsedList } from './droplet-list.ts'
import type { ParsedText } from './list-text.ts'
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
    return parsed.ok ? parsed : { ok: false, error: faultText(client, parsed) }
  } catch (error) {
    return { ok: false, error: errorText(error) }
  }
}

type Fault = Exclude<ParsedText, { ok: true }>

/** Who wrote the file can mend it: he is told more. */
function faultText({ url }: RegistryClientOptions, { fault, reason }: Fault): string {
  const subject = isFile(url) ? fileURLToPath(url) : 'its answer'
  if (fault === 'no list') return `${subject} is no list of droplets`
  return isFile(url) ? `${subject} is not JSON: ${reason}` : `${subject} is not JSON`
}
