/** The requests that create or correct our own entry in the Registry. */
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { SERVICE, VERSION } from '../version.ts'
import { exchange, type RegistryClientOptions, type Reply } from './client.ts'
import { parseDropletList, timeOrNull, type Registration } from './droplet-list.ts'

/** Our entry as the Registry tells of it, null where it doesn't. Or why it failed. */
export type EntryResult = Registration | EntryFault

export interface EntryFault {
  readonly fault: string
  /** How the Registry's answer begins that refused it. */
  readonly reason?: string
}

/** So many characters of a reason are logged. */
const MAX_REASON = 200

// `POST /droplets` answers with the droplet; older Registries with its id alone.
const WithId = Type.Object({ droplet_id: Type.Union([Type.String(), Type.Number()]) })
const WithDroplet = Type.Object({ droplet: Type.Unknown() })
const Registered = Type.Object({
  id: Type.Optional(Type.Unknown()),
  registered_at: Type.Optional(Type.Unknown()),
})

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
  if ('fault' in result || urlIn(found.value) === endpoint) return result
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
  return 'fault' in result ? result : { ...result, id }
}

function resultOf(reply: Reply, request: string): EntryResult {
  if (reply.status < 200 || reply.status > 299) {
    const reason = beginning(reply.body)
    return {
      fault: `${request} was answered with ${reply.status}`,
      ...(reason === '' ? {} : { reason }),
    }
  }
  const { id, registeredAt } = registrationIn(reply)
  return { id: Value.Check(WithId, reply.json) ? reply.json.droplet_id : id, registeredAt }
}

function beginning(body: Uint8Array): string {
  // A character has at most 4 bytes.
  const text = new TextDecoder().decode(body.subarray(0, 4 * MAX_REASON))
  return text.trim().slice(0, MAX_REASON)
}

function urlIn({ json }: Reply): string | undefined {
  return Value.Check(WithDroplet, json)
    ? parseDropletList([json.droplet])?.droplets[0]?.url
    : undefined
}

// Not through `parseDropletList`: an entry with an endpoint that we refuse still has an id to
// correct.
function registrationIn({ json }: Reply): Registration {
  const droplet = Value.Check(WithDroplet, json) ? json.droplet : null
  if (!Value.Check(Registered, droplet)) return { id: null, registeredAt: null }
  const { id, registered_at } = droplet
  return {
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    registeredAt: timeOrNull(registered_at),
  }
}
