/** The Registry of the simulated mesh: keeps its list in memory, and is not always healthy. */
import type { FetchInit } from '../../../src/ports.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import type { SimDroplet } from './sim-droplet.ts'

export const REGISTRY_URL = 'http://registry:8000'

export type RegistryBehavior =
  | 'healthy'
  | 'slow'
  /** It has lost its list, our registration included. */
  | 'empty'
  | 'down'
  | 'hanging'
  | 'failing'
  /** It answers with something that is not JSON. */
  | 'garbage'
  /** It answers with JSON of another shape. */
  | 'malformed'

export class SimRegistry {
  #behavior: RegistryBehavior = 'healthy'
  #disturbedUntil = 0
  /** Where the service registered itself. */
  #self: string | null = null
  readonly #random: Prng

  constructor(
    private readonly world: World,
    private readonly droplets: readonly SimDroplet[],
  ) {
    this.#random = world.random.fork('registry')
  }

  /** When it was last unhealthy, simulated ms. */
  get disturbedUntil(): number {
    return this.#behavior === 'healthy' ? this.#disturbedUntil : this.world.now
  }

  setBehavior(behavior: RegistryBehavior): void {
    this.#disturbedUntil = this.disturbedUntil
    this.#behavior = behavior
    if (behavior === 'empty') this.#self = null
    this.world.log(`Registry: ${behavior}`)
  }

  /** `settle` is called in simulated time, if ever. */
  answer(url: string, init: FetchInit, settle: (result: Response | Error) => void): void {
    const behavior = this.#behavior
    const prompt = this.#random.between(0.5, 30)
    if (behavior === 'hanging') return
    const delay = behavior === 'slow' ? this.#random.between(100, 8000) : prompt
    this.world.after(delay, () => settle(this.#reply(behavior, url, init)))
  }

  #reply(behavior: RegistryBehavior, url: string, init: FetchInit): Response | Error {
    if (behavior === 'down') return connectionError('ECONNREFUSED')
    if (behavior === 'failing') return new Response('oh no', { status: 500 })
    if (behavior === 'garbage') return new Response('<html>hello</html>')
    if (behavior === 'malformed') return Response.json({ droplets: 'none' })
    return Response.json(this.#handle(url.slice(REGISTRY_URL.length), init))
  }

  #handle(path: string, init: FetchInit): unknown {
    const self = this.#self === null ? [] : [{ id: 99, name: 'orchestrator', endpoint: this.#self }]
    if (path === '/droplets' && init.method === 'GET') {
      const isEmpty = this.#behavior === 'empty'
      const listed = isEmpty ? [] : this.droplets.filter((droplet) => droplet.listed)
      return { droplets: [...self, ...listed.map(wireEntry)] }
    }
    if (init.method === 'GET') return { droplet: self[0] ?? null }
    this.#self = (JSON.parse(init.body ?? '{}') as { endpoint: string }).endpoint
    return { droplet_id: 99 }
  }
}

function wireEntry({ name, url, active }: SimDroplet) {
  return { id: name, name, endpoint: url, status: active ? 'active' : 'inactive' }
}

/** As `fetch` rejects. */
export function connectionError(code: string): Error {
  const message = 'Unable to connect. Is the computer able to access the url?'
  return Object.assign(new TypeError(message), { code })
}
