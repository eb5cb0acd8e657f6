/** The Registry of the simulated mesh: keeps its list in memory, and is not always well. */
import type { FetchInit } from '../../src/ports.ts'
import type { SimDroplet } from './droplets.ts'
import type { Prng } from './prng.ts'
import type { World } from './world.ts'

export const REGISTRY_URL = 'http://registry:8000'

export type RegistryMood =
  'well' | 'slow' | 'empty' | 'down' | 'hanging' | 'failing' | 'garbage' | 'no list'

export class SimRegistry {
  mood: RegistryMood = 'well'
  /** Until when it was not well. */
  #troubledUntil = 0
  /** Where the service registered itself. */
  #self: string | null = null
  readonly #chance: Prng

  constructor(
    private readonly world: World,
    private readonly droplets: readonly SimDroplet[],
  ) {
    this.#chance = world.chance.fork('registry')
  }

  get troubledUntil(): number {
    if (this.mood !== 'well') this.#troubledUntil = this.world.now
    return this.#troubledUntil
  }

  set(mood: RegistryMood): void {
    void this.troubledUntil
    this.mood = mood
    if (mood === 'empty') this.#self = null
    this.world.note(`Registry: ${mood}`)
  }

  /** `settle` is called in simulated time, if ever. */
  answer(url: string, init: FetchInit, settle: (result: Response | Error) => void): void {
    const { mood } = this
    const prompt = this.#chance.between(0.5, 30)
    if (mood === 'hanging') return
    const delay = mood === 'slow' ? this.#chance.between(100, 8000) : prompt
    this.world.after(delay, () => settle(this.#reply(mood, url, init)))
  }

  #reply(mood: RegistryMood, url: string, init: FetchInit): Response | Error {
    if (mood === 'down') return connectionError('ECONNREFUSED')
    if (mood === 'failing') return new Response('oh no', { status: 500 })
    if (mood === 'garbage') return new Response('<html>hello</html>')
    if (mood === 'no list') return Response.json({ droplets: 'none' })
    return Response.json(this.#handle(url.slice(REGISTRY_URL.length), init))
  }

  #handle(path: string, init: FetchInit): unknown {
    const self = this.#self === null ? [] : [{ id: 99, name: 'orchestrator', endpoint: this.#self }]
    if (path === '/droplets' && init.method === 'GET') {
      const listed = this.mood === 'empty' ? [] : this.droplets.filter((droplet) => droplet.listed)
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
  return Object.assign(
    new TypeError('Unable to connect. Is the computer able to access the url?'),
    {
      code,
    },
  )
}
