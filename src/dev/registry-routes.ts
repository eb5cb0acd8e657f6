import type { Clock } from '../ports.ts'
import { timestamp } from '../timestamp.ts'
import { VERSION } from '../version.ts'
import { Refusal, unprocessable } from './refusal.ts'
import type { RegisteredDroplet, RegisteredDroplets } from './registered-droplets.ts'
import { change, newDroplet, oldRegistration, type NewDroplet } from './registry-wire.ts'

/** Answers one request; gets its parsed body. Throws a Refusal. */
export type Handler = (body: unknown) => Response

/** Which path does what with the list. */
export class RegistryRoutes {
  constructor(
    private readonly list: RegisteredDroplets,
    private readonly clock: Clock,
  ) {}

  /** What can be done at a path, by HTTP method; null for an unknown path. */
  at(path: string): Record<string, Handler> | null {
    if (path === '/health') return { GET: () => this.#health() }
    if (path === '/droplets') {
      return { GET: () => this.#all(), POST: (body) => this.#create(body) }
    }
    if (path === '/register') return { POST: (body) => this.#register(body) }
    const name = /^\/droplets\/name\/([^/]+)$/.exec(path)?.[1]
    if (name !== undefined) return { GET: () => this.#byName(decoded(name)) }
    const id = /^\/droplets\/([^/]+)$/.exec(path)?.[1]
    if (id === undefined) return null
    return {
      GET: () => this.#one(this.#find(id)),
      PATCH: (body) => this.#change(this.#find(id), body),
      DELETE: () => this.#delete(this.#find(id)),
    }
  }

  #health(): Response {
    return Response.json({
      status: this.list.all().length === 0 ? 'inactive' : 'active',
      service: 'registry',
      version: VERSION,
      timestamp: timestamp(this.clock.now()),
    })
  }

  #all(): Response {
    const droplets = this.list.all()
    return Response.json({
      droplets,
      total: droplets.length,
      timestamp: timestamp(this.clock.now()),
    })
  }

  #one(droplet: RegisteredDroplet, status = 200): Response {
    return Response.json({ droplet, timestamp: timestamp(this.clock.now()) }, { status })
  }

  #byName(name: string): Response {
    const found = this.list.byName(name)
    if (!found) throw new Refusal(404, `Droplet with name '${name}' not found`)
    return this.#one(found)
  }

  #create(body: unknown): Response {
    return this.#one(this.#add(newDroplet(body)), 201)
  }

  #register(body: unknown): Response {
    const { name, id = null, version, url, endpoint = url } = oldRegistration(body)
    if (endpoint === undefined) {
      throw unprocessable({ path: '/endpoint', message: 'Field required' })
    }
    const metadata = version === undefined ? {} : { version }
    const added = this.#add({ name, id, endpoint, metadata })
    const message = `Droplet '${name}' registered successfully`
    return Response.json({ success: true, droplet_id: added.id, message })
  }

  #change(droplet: RegisteredDroplet, body: unknown): Response {
    this.list.update(droplet, change(body))
    return this.#one(droplet)
  }

  #delete({ id, name }: RegisteredDroplet): Response {
    this.list.delete(id)
    const message = `Droplet '${name}' deleted successfully`
    return Response.json({ success: true, message, deleted_at: timestamp(this.clock.now()) })
  }

  #add(wanted: NewDroplet): RegisteredDroplet {
    const added = this.list.add(wanted)
    if (!added) throw new Refusal(409, `Droplet with name '${wanted.name}' already exists`)
    return added
  }

  #find(id: string): RegisteredDroplet {
    if (!/^-?\d+$/.test(id)) {
      const message = 'Input should be a valid integer'
      throw unprocessable({ path: '/droplet_id', message }, 'path')
    }
    const found = this.list.byId(Number(id))
    if (!found) throw new Refusal(404, `Droplet with ID ${id} not found`)
    return found
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
