/** Droplets and a Registry that come, go, hang and lie. */
import { Webhook } from 'standardwebhooks'
import type { Random } from '../crash/random.ts'
import {
  answeringServer,
  endless,
  hang,
  hangAfterHeaders,
  html,
  json,
  malformed,
  reply,
  reset,
  resetMidBody,
  truncated,
  type Answer,
  type Received,
  type ScriptedServer,
} from '../support/scripted-server.ts'

export const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

const DROPLETS = 8
const HUGE = 'x'.repeat(2_000_000)

const slow: Answer = async (wire) => {
  await Bun.sleep(300)
  if (!wire.closed) await json({ slow: true })(wire)
}

const MOODS: Readonly<Record<string, Answer>> = {
  answers: json({ ok: true }),
  'is slow': slow,
  hangs: hang,
  'hangs after its headers': hangAfterHeaders,
  cuts: reset,
  'cuts in the body': resetMidBody,
  'says a wrong length': truncated,
  'sends no HTTP': malformed,
  redirects: reply({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
  'sends too much': reply({ body: HUGE }),
  'sends without end': endless(),
  'is busy': json({ busy: true }, 503, { 'retry-after': '1' }),
  fails: json({ error: true }, 500),
}
const NAMES = Object.keys(MOODS)

const REGISTRY_MOODS: readonly Answer[] = [
  hang,
  reset,
  truncated,
  malformed,
  html(),
  json({ droplets: [] }),
  json({ error: true }, 500),
  endless(),
]

interface Droplet {
  readonly name: string
  mood: string
  server: ScriptedServer
}

export class SoakMesh {
  readonly names = Array.from({ length: DROPLETS }, (_, index) => `droplet-${index}`)
  /** Requests that nobody should get. */
  readonly faults: string[] = []
  readonly #random: Random
  readonly #webhook = new Webhook(SIGNING_SECRET)
  readonly #droplets: Droplet[]
  readonly #registry: ScriptedServer
  #registryAnswer: Answer | null = null
  #calm = true

  constructor(random: Random) {
    this.#random = random
    this.#droplets = this.names.map((name) => {
      const droplet = { name, mood: 'answers' } as Droplet
      droplet.server = this.#serve(droplet)
      return droplet
    })
    this.#registry = answeringServer(() => (wire) => {
      this.#registry.requests.length = 0
      return (this.#registryAnswer ?? json(this.#list()))(wire)
    })
  }

  get registryUrl(): string {
    return this.#registry.url
  }

  /** Once a second or so: another mood for some, another port for one. */
  async change(): Promise<void> {
    this.#calm = false
    const { whole, chance } = this.#random
    for (const droplet of this.#droplets) {
      if (chance(0.3)) droplet.mood = chance(0.4) ? 'answers' : NAMES[whole(0, NAMES.length - 1)]!
    }
    if (chance(0.3)) await this.#restart(this.#droplets[whole(0, DROPLETS - 1)]!)
    const moods = REGISTRY_MOODS
    this.#registryAnswer = chance(0.3) ? moods[whole(0, moods.length - 1)]! : null
  }

  /** All are well again. */
  calm(): void {
    this.#calm = true
    this.#registryAnswer = null
    for (const droplet of this.#droplets) droplet.mood = 'answers'
  }

  async stop(): Promise<void> {
    await Promise.all([this.#registry.stop(), ...this.#droplets.map(({ server }) => server.stop())])
  }

  #serve(droplet: Droplet): ScriptedServer {
    const server = answeringServer((request) => {
      server.requests.length = 0
      const isProbe = request.url === '/health'
      if (!isProbe) this.#verify(request)
      return isProbe && this.#calm ? json({ status: 'active' }) : MOODS[droplet.mood]!
    })
    return server
  }

  #verify({ body, headers }: Received): void {
    try {
      this.#webhook.verify(body, { ...headers })
    } catch (error) {
      this.faults.push(`a request is not signed as it should be: ${(error as Error).message}`)
    }
  }

  async #restart(droplet: Droplet): Promise<void> {
    await droplet.server.stop()
    droplet.server = this.#serve(droplet)
  }

  #list() {
    return {
      droplets: this.#droplets.map(({ name, server }) => ({ name, endpoint: server.url })),
    }
  }
}
