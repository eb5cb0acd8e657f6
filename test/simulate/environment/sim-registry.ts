/** The Registry of the simulated mesh: keeps its list in memory, and is not always healthy. */
import type { FetchInit } from '../../../src/ports.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import { isOnList, type SimDroplet } from './sim-droplet.ts'

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
  /** When it last restarted, simulated ms; -1: never. */
  restartedAt = -1
  /** When a list last reached the service, simulated ms; -1: never. */
  toldAt = -1
  /** When the first list reached the service since it was unhealthy, simulated ms. */
  knownAt = 0
  #behavior: RegistryBehavior = 'healthy'
  #disturbedUntil = 0
  /** Where the service registered itself, and when. */
  #self: { endpoint: string; registered_at: string } | null = null
  /** A list with the service itself has reached it since the last restart. */
  #selfTold = false
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
    if (behavior === 'empty') this.#forgetSelf()
    this.world.log(`Registry: ${behavior}`)
  }

  /** It loses its list; each droplet registers again within `refillMs`. */
  restart(refillMs: number): void {
    const { world } = this
    world.log('Registry: restarts')
    world.count('Registry restarts')
    this.restartedAt = world.now
    for (const droplet of this.droplets) {
      if (!isOnList(droplet)) continue
      // What no list has told the service since the last restart, it cannot keep in this one.
      const isVisible = this.#selfTold && droplet.toldAt >= droplet.changedAt
      Object.assign(droplet, { registered: false, changedAt: world.now })
      droplet.lost = { at: world.now, isVisible }
      world.after(this.#random.between(0, refillMs), () => this.#register(droplet))
    }
    this.#forgetSelf()
  }

  /** Somebody takes a droplet off the list, or puts it back. */
  list(droplet: SimDroplet, listed: boolean): void {
    if (droplet.listed === listed) return
    if (droplet.registered) droplet.changedAt = this.world.now
    droplet.listed = listed
  }

  #register(droplet: SimDroplet): void {
    if (droplet.registered) return
    this.world.log(`${droplet.name} registers again`)
    Object.assign(droplet, { registered: true, changedAt: this.world.now, lost: null })
  }

  #forgetSelf(): void {
    this.#self = null
    this.#selfTold = false
  }

  /** `settle` is called in simulated time, if ever; it tells whether the service hears of it. */
  answer(url: string, init: FetchInit, settle: (result: Response | Error) => boolean): void {
    const behavior = this.#behavior
    const prompt = this.#random.between(0.5, 30)
    if (behavior === 'hanging') return
    const delay = behavior === 'slow' ? this.#random.between(100, 8000) : prompt
    this.world.after(delay, () => {
      const result = this.#reply(behavior, url, init)
      const isList = behavior === 'healthy' && init.method === 'GET' && url.endsWith('/droplets')
      if (settle(result) && isList) this.#told()
    })
  }

  #told(): void {
    const { now } = this.world
    this.toldAt = now
    if (this.#self) this.#selfTold = true
    if (this.knownAt <= this.disturbedUntil) this.knownAt = now
    for (const droplet of this.droplets.filter(isOnList)) {
      const { movedAt, changedAt, knownAt } = droplet
      if (knownAt < Math.max(movedAt, changedAt)) droplet.knownAt = now
      droplet.toldAt = now
    }
  }

  #reply(behavior: RegistryBehavior, url: string, init: FetchInit): Response | Error {
    if (behavior === 'down') return connectionError('ECONNREFUSED')
    if (behavior === 'failing') return new Response('oh no', { status: 500 })
    if (behavior === 'garbage') return new Response('<html>hello</html>')
    if (behavior === 'malformed') return Response.json({ droplets: 'none' })
    return Response.json(this.#handle(url.slice(REGISTRY_URL.length), init))
  }

  #handle(path: string, init: FetchInit): unknown {
    const self = this.#self ? [{ id: 99, name: 'orchestrator', ...this.#self }] : []
    if (path === '/droplets' && init.method === 'GET') {
      const isEmpty = this.#behavior === 'empty'
      const listed = isEmpty ? [] : this.droplets.filter(isOnList)
      return { droplets: [...self, ...listed.map(wireEntry)] }
    }
    if (init.method === 'GET') return { droplet: self[0] ?? null }
    const { endpoint } = JSON.parse(init.body ?? '{}') as { endpoint: string }
    // It tells a restart from the service's own entry: no two were registered at the same time.
    this.#self = { endpoint, registered_at: new Date(this.world.now).toISOString() }
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
