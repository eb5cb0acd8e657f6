/**
 * A small Registry for those who have no mesh yet, of the wire format of the mesh's own
 * (Registry 1.0.0), down to its error bodies. It keeps its list in memory.
 */
import { Type, type Static } from 'typebox'
import { TypeCompiler } from 'typebox/compiler'
import { systemClock } from '../platform/clock.ts'
import type { Clock } from '../ports.ts'
import { VERSION } from '../version.ts'

const Endpoint = Type.String({ pattern: '^https?://', maxLength: 2048 })
const Metadata = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])
const Status = Type.Union([Type.Literal('active'), Type.Literal('inactive'), Type.Literal('error')])

const NewDroplet = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  endpoint: Endpoint,
  id: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  steward: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  metadata: Type.Optional(Metadata),
})
type NewDroplet = Static<typeof NewDroplet>

const OldRegistration = Type.Object({
  name: NewDroplet.properties.name,
  id: NewDroplet.properties.id,
  url: Type.Optional(Endpoint),
  endpoint: Type.Optional(Endpoint),
  version: Type.Optional(Type.String()),
})

const Change = Type.Partial(
  Type.Object({
    status: Status,
    endpoint: Endpoint,
    metadata: Metadata,
    proof: Type.Union([Type.String(), Type.Null()]),
    cost_usd: Type.Number(),
    yield_usd: Type.Number(),
  }),
)

const newDroplet = TypeCompiler.Compile(NewDroplet)
const oldRegistration = TypeCompiler.Compile(OldRegistration)
const change = TypeCompiler.Compile(Change)

export interface RegisteredDroplet {
  id: number
  name: string
  steward: string | null
  status: Static<typeof Status>
  endpoint: string
  proof: string | null
  cost_usd: number
  yield_usd: number
  metadata: Record<string, unknown> | null
  /** ISO 8601 with microseconds. */
  registered_at: string
  updated_at: string
}

export interface DevRegistryOptions {
  /** Lists itself as `registry`, which the mesh's own doesn't do. Default true. */
  listSelf?: boolean
  clock?: Clock
}

export interface Listening {
  readonly port: number
  /** `http://localhost:<port>` */
  readonly url: string
}

export interface DevRegistry {
  fetch(request: Request): Promise<Response>
  /** Throws with code EADDRINUSE when the port is taken. */
  listen(at: { port: number; hostname?: string }): Listening
  /** Cuts open connections. Safe twice, safe unstarted. */
  stop(): Promise<void>
}

type Handler = (body: unknown) => Response

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly detail: unknown,
  ) {
    super('refused')
  }
}

export function createDevRegistry(options: DevRegistryOptions = {}): DevRegistry {
  const list = new DropletList(options.clock ?? systemClock)
  const self = options.listSelf === false ? null : list.addSelf()
  let server: Bun.Server<undefined> | null = null

  const answer = async (request: Request): Promise<Response> => {
    try {
      const methods = list.routes(new URL(request.url).pathname)
      if (!methods) throw new Refusal(404, 'Not Found')
      const handler = methods[request.method]
      if (!handler) throw new Refusal(405, 'Method Not Allowed')
      return handler(request.method === 'GET' ? undefined : await bodyOf(request))
    } catch (error) {
      if (error instanceof Refusal) {
        return Response.json({ detail: error.detail }, { status: error.status })
      }
      throw error
    }
  }

  return {
    fetch: answer,
    listen({ port, hostname = '0.0.0.0' }) {
      const bound = Bun.serve({
        port,
        hostname,
        reusePort: false,
        // Else a bug is answered with a page of HTML.
        development: false,
        fetch: answer,
      })
      server = bound
      const at = { port: bound.port ?? port, url: `http://localhost:${bound.port}` }
      if (self) self.endpoint = at.url
      return at
    },
    async stop() {
      await server?.stop(true)
      server = null
    },
  }
}

class DropletList {
  readonly #byId = new Map<number, RegisteredDroplet>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  addSelf(): RegisteredDroplet {
    const endpoint = 'http://localhost:8000'
    return this.#add({ name: 'registry', endpoint, metadata: { version: VERSION } })
  }

  /** By method, what a path can do; null for a path that is none. */
  routes(path: string): Record<string, Handler> | null {
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
      status: this.#byId.size === 0 ? 'inactive' : 'active',
      service: 'registry',
      version: VERSION,
      timestamp: this.#time(),
    })
  }

  #all(): Response {
    const droplets = [...this.#byId.values()]
    return Response.json({ droplets, total: droplets.length, timestamp: this.#time() })
  }

  #one(droplet: RegisteredDroplet, status = 200): Response {
    return Response.json({ droplet, timestamp: this.#time() }, { status })
  }

  #byName(name: string): Response {
    const found = this.#named(name)
    if (!found) throw new Refusal(404, `Droplet with name '${name}' not found`)
    return this.#one(found)
  }

  #create(body: unknown): Response {
    if (!newDroplet.Check(body)) throw unprocessable(newDroplet.Errors(body).First())
    return this.#one(this.#add(body), 201)
  }

  #register(body: unknown): Response {
    if (!oldRegistration.Check(body)) throw unprocessable(oldRegistration.Errors(body).First())
    const endpoint = body.endpoint ?? body.url
    if (endpoint === undefined)
      throw unprocessable({ path: '/endpoint', message: 'Field required' })
    const metadata = body.version === undefined ? {} : { version: body.version }
    const { id, name } = this.#add({ name: body.name, id: body.id ?? null, endpoint, metadata })
    const message = `Droplet '${name}' registered successfully`
    return Response.json({ success: true, droplet_id: id, message })
  }

  #change(droplet: RegisteredDroplet, body: unknown): Response {
    if (!change.Check(body)) throw unprocessable(change.Errors(body).First())
    const { status, endpoint, metadata, proof, cost_usd, yield_usd } = { ...droplet, ...body }
    Object.assign(droplet, { status, endpoint, metadata, proof, cost_usd, yield_usd })
    droplet.updated_at = this.#time()
    return this.#one(droplet)
  }

  #delete({ id, name }: RegisteredDroplet): Response {
    this.#byId.delete(id)
    const message = `Droplet '${name}' deleted successfully`
    return Response.json({ success: true, message, deleted_at: this.#time() })
  }

  // An id that is taken replaces that droplet without a word: so does the mesh's Registry.
  #add(wanted: NewDroplet): RegisteredDroplet {
    const rival = this.#named(wanted.name)
    if (rival && rival.id !== wanted.id) {
      throw new Refusal(409, `Droplet with name '${wanted.name}' already exists`)
    }
    const time = this.#time()
    const droplet: RegisteredDroplet = {
      id: wanted.id ?? Math.max(0, ...this.#byId.keys()) + 1,
      name: wanted.name,
      steward: wanted.steward ?? null,
      status: 'active',
      endpoint: wanted.endpoint,
      proof: null,
      cost_usd: 0,
      yield_usd: 0,
      metadata: wanted.metadata ?? {},
      registered_at: time,
      updated_at: time,
    }
    this.#byId.set(droplet.id, droplet)
    return droplet
  }

  #named(name: string): RegisteredDroplet | undefined {
    return this.#byId.values().find((droplet) => droplet.name === name)
  }

  #find(id: string): RegisteredDroplet {
    if (!/^-?\d+$/.test(id)) {
      throw unprocessable(
        { path: '/droplet_id', message: 'Input should be a valid integer' },
        'path',
      )
    }
    const found = this.#byId.get(Number(id))
    if (!found) throw new Refusal(404, `Droplet with ID ${id} not found`)
    return found
  }

  #time(): string {
    return new Date(this.#clock.now()).toISOString().replace('Z', '000Z')
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

// Most DELETEs have no body.
async function bodyOf(request: Request): Promise<unknown> {
  const text = await request.text()
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw unprocessable({ path: '', message: 'JSON decode error' })
  }
}

/** FastAPI's shape of a validation error, which is what the mesh's Registry sends. */
function unprocessable(
  error: { path: string; message: string } | undefined,
  where = 'body',
): Refusal {
  const loc = [where, ...(error?.path ?? '').split('/').filter(Boolean)]
  return new Refusal(422, [{ loc, msg: error?.message ?? 'not valid', type: 'value_error' }])
}
