/** The network between one node and the database. It outlives the node's processes. */
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'

/**
 * `refused`: no connection is made, and those that there were are gone. `silent`: nothing arrives,
 * and nobody tells: connections are half open. `flaky`: connections break now and then.
 */
export type LinkBehavior = 'healthy' | 'slow' | 'flaky' | 'refused' | 'silent'

/** What becomes of a statement that is sent. `late`: it arrives when nobody waits for it any more. */
export type Fate = 'done' | 'answer lost' | 'late' | 'lost'

/** Within which a connection that has died is noticed, ms. */
const MAX_NOTICE_MS = 10_000

export class NodeLink {
  #behavior: LinkBehavior = 'healthy'
  #disturbedUntil = -1
  #cutAt = -1

  constructor(
    private readonly world: World,
    readonly node: string,
    readonly random: Prng,
  ) {}

  get behavior(): LinkBehavior {
    return this.#behavior
  }

  get isUp(): boolean {
    return this.#behavior !== 'refused' && this.#behavior !== 'silent'
  }

  /** When it was last not healthy, or has lost a statement, simulated ms. */
  get disturbedUntil(): number {
    const { now } = this.world
    return this.#behavior === 'healthy' ? this.#disturbedUntil : Math.max(this.#disturbedUntil, now)
  }

  setBehavior(behavior: LinkBehavior): void {
    this.#disturbedUntil = this.disturbedUntil
    this.#behavior = behavior
    if (!this.isUp) this.#cutAt = this.world.now
    this.world.log(`${this.node}: its way to the database is ${behavior}`)
    this.world.count(`the way to the database: ${behavior}`)
  }

  /** Whether an answer to what was sent at `sentAt` gets through. */
  isOpenSince(sentAt: number): boolean {
    return this.isUp && this.#cutAt <= sentAt
  }

  /** Null: the connection is refused at once. */
  fate(): Fate | null {
    const { random } = this
    if (this.#behavior === 'refused') return null
    if (this.#behavior === 'silent') return random.chance(0.1) ? 'late' : 'lost'
    if (!random.chance(this.#behavior === 'flaky' ? 0.15 : 0.0001)) return 'done'
    return random.pick(['answer lost', 'late', 'lost'])
  }

  /** One way, ms. */
  latencyMs(): number {
    const { random } = this
    if (this.#behavior === 'slow') return random.between(1, 1500)
    return random.chance(0.001) ? random.between(5, 200) : random.between(0.05, 2)
  }

  /** How long until the asker knows that there is no answer, ms. */
  noticeMs(): number {
    const ms = this.random.chance(0.5)
      ? this.random.between(0, 50)
      : this.random.between(0, MAX_NOTICE_MS)
    this.#disturbedUntil = Math.max(this.#disturbedUntil, this.world.now + ms)
    return ms
  }
}
