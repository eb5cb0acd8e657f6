/** Callers of several nodes, who go to those that are up. */
import type { Service } from '../support/binary-service.ts'
import { eventually } from '../support/eventually.ts'
import { newOrder, send, type Order } from './load.ts'
import { randomFrom } from './random.ts'

const CALLERS = 16
/** A caller that was told nothing, or to come later, does so. */
const PAUSE_MS = 50

export class NodesLoad {
  readonly orders: Order[] = []
  /** The places of the nodes that are down. */
  readonly down = new Set<number>()
  #round = -1
  #over = false

  constructor(
    private readonly services: readonly Service[],
    private readonly seed: number,
  ) {}

  get answered(): number {
    return this.orders.filter((order) => !isUntold(order)).length
  }

  /** Resolves once `end` was called and all callers have had their answers. */
  async run(): Promise<void> {
    this.#round++
    this.#over = false
    this.down.clear()
    const waiting = this.#waiting
    const call = async (caller: number) => {
      for (let turn = caller; !this.#over; turn++) {
        const service = this.#up(turn)
        const order = service && (waiting.shift() ?? this.#next())
        if (!order || !(await send(service, order, true))) await Bun.sleep(PAUSE_MS)
      }
    }
    await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)))
  }

  end(): void {
    this.#over = true
  }

  /** All callers with a key get an answer, however often they ask for it. */
  async finish(): Promise<void> {
    this.down.clear()
    await eventually('each caller with a key was answered', async () => {
      for (const [turn, order] of this.#waiting.entries()) {
        await send(this.#up(turn)!, order, true)
      }
      return this.#waiting.length === 0
    })
  }

  get #waiting(): Order[] {
    return this.orders.filter((order) => order.key !== null && isUntold(order))
  }

  #up(turn: number): Service | undefined {
    const up = this.services.filter((_, place) => !this.down.has(place))
    return up[turn % up.length]
  }

  #next(): Order {
    // Each order has its own seed, because their number depends on the machine.
    const number = this.orders.length
    const order = newOrder(number, this.#round, randomFrom(this.seed * 100_003 + number))
    this.orders.push(order)
    return order
  }
}

const isUntold = ({ told }: Order) => told === 'nothing' || told === 'refused'
