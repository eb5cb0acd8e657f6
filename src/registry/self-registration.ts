import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Log } from '../log.ts'
import { SERVICE, VERSION } from '../version.ts'
import { dropletUrl, nameKey, type Droplet } from '../droplets/droplet.ts'
import { parseDropletList } from './droplet-list.ts'
import { exchange, type FarEnd, type Reply } from './client.ts'
import { repeatedWarning } from './repeated-warning.ts'

export interface SelfRegistration {
  /** Looks for us in a list that just came; registers or corrects us if need be. Never rejects. */
  check(list: readonly Droplet[]): Promise<void>
  id(): string | number | null
  registered(): boolean
}

interface Options {
  registryUrl: string
  /** False: only looks. */
  enabled: boolean
  farEnd: FarEnd
  log: Log
  /** Null: not listening yet, so not now. */
  publicUrl: () => string | null
}

type Done = { id: string | number | null } | { fault: string }

// `POST /droplets` answers with the droplet; older Registries with its id alone.
const WithId = Type.Object({ droplet_id: Type.Union([Type.String(), Type.Number()]) })
const WithDroplet = Type.Object({ droplet: Type.Unknown() })

/**
 * Our own entry in the Registry. It heals by itself: a Registry that restarted no longer lists
 * us, and the next sync brings us here.
 */
export function createSelfRegistration(options: Options): SelfRegistration {
  const { registryUrl, enabled, farEnd, log, publicUrl } = options
  const trouble = repeatedWarning(log)
  let id: string | number | null = null
  let registered = false
  let checking: Promise<void> | null = null

  const send = (method: string, path: string, body?: unknown) =>
    exchange(farEnd, method, registryUrl + path, body)

  async function register(endpoint: string): Promise<Done> {
    // Never with an id: the Registry would replace whoever has it.
    const posted = await send('POST', '/droplets', {
      name: SERVICE,
      endpoint,
      metadata: { version: VERSION },
    })
    if (!posted.ok) return { fault: posted.error }
    if (posted.value.status !== 409) return done(posted.value, 'POST /droplets')
    return correctByName(endpoint)
  }

  async function correctByName(endpoint: string): Promise<Done> {
    const path = `/droplets/name/${SERVICE}`
    const found = await send('GET', path)
    if (!found.ok) return { fault: found.error }
    const result = done(found.value, `GET ${path}`)
    if ('fault' in result || dropletIn(found.value)?.url === endpoint) return result
    return correct(result.id, endpoint)
  }

  async function correct(known: string | number | null, endpoint: string): Promise<Done> {
    if (known === null) return { fault: 'the Registry lists us without an id' }
    const path = `/droplets/${encodeURIComponent(known)}`
    const patched = await send('PATCH', path, { endpoint })
    if (!patched.ok) return { fault: patched.error }
    const result = done(patched.value, `PATCH ${path}`)
    return 'fault' in result ? result : { id: known }
  }

  async function settle(work: Promise<Done>, endpoint: string): Promise<void> {
    const result = await work
    if (farEnd.stop.aborted) return
    if ('fault' in result) {
      return trouble.warn('Registering with the Registry failed', { error: result.fault })
    }
    trouble.clear()
    registered = true
    id = result.id ?? id
    log.info('Registered with the Registry', { id, endpoint })
  }

  function check(list: readonly Droplet[]): Promise<void> {
    const mine = list.find((droplet) => nameKey(droplet.name) === SERVICE)
    registered = mine !== undefined
    if (mine) id = mine.id
    const endpoint = enabled ? normalised(publicUrl()) : null
    if (endpoint === null || mine?.url === endpoint) return Promise.resolve()
    if (!mine) return settle(register(endpoint), endpoint)
    return settle(mine.id === null ? correctByName(endpoint) : correct(mine.id, endpoint), endpoint)
  }

  return {
    check(list) {
      checking ??= check(list).finally(() => {
        checking = null
      })
      return checking
    },
    id: () => id,
    registered: () => registered,
  }
}

function normalised(publicUrl: string | null): string | null {
  if (publicUrl === null) return null
  const parsed = dropletUrl(publicUrl)
  return 'url' in parsed ? parsed.url : publicUrl
}

function dropletIn({ json }: Reply): Droplet | undefined {
  return Value.Check(WithDroplet, json) ? parseDropletList([json.droplet])?.droplets[0] : undefined
}

function done(reply: Reply, what: string): Done {
  if (reply.status < 200 || reply.status > 299) {
    return { fault: `${what} was answered with ${reply.status}` }
  }
  if (Value.Check(WithId, reply.json)) return { id: reply.json.droplet_id }
  return { id: idIn(reply) }
}

// Not through `dropletIn`: an entry with an endpoint that we refuse still has an id to correct.
function idIn({ json }: Reply): string | number | null {
  if (!Value.Check(WithDroplet, json)) return null
  const { droplet } = json
  if (typeof droplet !== 'object' || droplet === null || !('id' in droplet)) return null
  return typeof droplet.id === 'string' || typeof droplet.id === 'number' ? droplet.id : null
}
