/** The requests that create or correct our own entry in the Registry. */
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Droplet } from '../droplets/droplet.ts'
import { SERVICE, VERSION } from '../version.ts'
import { exchange, type RegistryClientOptions, type Reply } from './client.ts'
import { parseDropletList } from './droplet-list.ts'

/** The id that our entry has; null when the Registry doesn't say. Or why it failed. */
export type EntryResult = { id: string | number | null } | { fault: string }

// `POST /droplets` answers with the droplet; older Registries with its id alone.
const WithId = Type.Object({ droplet_id: Type.Union([Type.String(), Type.Number()]) })
const WithDroplet = Type.Object({ droplet: Type.Unknown() })

/** Registers us; when our name is taken, corrects that entry. Never rejects. */
export async function createEntry(
  client: RegistryClientOptions,
  endpoint: string,
): Promise<EntryResult> {
  // Never with an id: the Registry would replace the droplet that has it.
  const posted = await exchange(client, 'POST', '/droplets', {
    name: SERVICE,
    endpoint,
    metadata: { version: VERSION },
  })
  if (!posted.ok) return { fault: posted.error }
  if (posted.value.status !== 409) return resultOf(posted.value, 'POST /droplets')
  return correctEntryByName(client, endpoint)
}

/** Looks our entry up by name and corrects it if its endpoint isn't ours. Never rejects. */
export async function correctEntryByName(
  client: RegistryClientOptions,
  endpoint: string,
): Promise<EntryResult> {
  const path = `/droplets/name/${SERVICE}`
  const found = await exchange(client, 'GET', path)
  if (!found.ok) return { fault: found.error }
  const result = resultOf(found.value, `GET ${path}`)
  if ('fault' in result || dropletIn(found.value)?.url === endpoint) return result
  if (result.id === null) return { fault: 'the Registry lists us without an id' }
  return correctEntry(client, result.id, endpoint)
}

/** Gives the entry with this id our endpoint. Never rejects. */
export async function correctEntry(
  client: RegistryClientOptions,
  id: string | number,
  endpoint: string,
): Promise<EntryResult> {
  const path = `/droplets/${encodeURIComponent(id)}`
  const patched = await exchange(client, 'PATCH', path, { endpoint })
  if (!patched.ok) return { fault: patched.error }
  const result = resultOf(patched.value, `PATCH ${path}`)
  return 'fault' in result ? result : { id }
}

function resultOf(reply: Reply, request: string): EntryResult {
  if (reply.status < 200 || reply.status > 299) {
    return { fault: `${request} was answered with ${reply.status}` }
  }
  if (Value.Check(WithId, reply.json)) return { id: reply.json.droplet_id }
  return { id: idIn(reply) }
}

function dropletIn({ json }: Reply): Droplet | undefined {
  return Value.Check(WithDroplet, json) ? parseDropletList([json.droplet])?.droplets[0] : undefined
}

// Not through `dropletIn`: an entry with an endpoint that we refuse still has an id to correct.
function idIn({ json }: Reply): string | number | null {
  if (!Value.Check(WithDroplet, json)) return null
  const { droplet } = json
  if (typeof droplet !== 'object' || droplet === null || !('id' in droplet)) return null
  return typeof droplet.id === 'string' || typeof droplet.id === 'number' ? droplet.id : null
}
