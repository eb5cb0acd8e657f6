/** How long a connection may be silent. Bun counts the time that a handler works, too. */
import type { Server } from 'bun'
import { Bag } from '../bag.ts'
import type { Clock } from '../ports.ts'

/** A connection that neither sends nor is sent anything for so long is closed, s. */
export const IDLE_SECONDS = 30

/** Looks so often within the limit: whoever works longer than a look apart has it lifted. */
const LOOKS = 6

export interface LongRequest {
  request: Request
  /** null for a request that came over no connection. */
  server: Pick<Server<unknown>, 'timeout'> | null
}

interface Working {
  readonly request: Request
  readonly server: NonNullable<LongRequest['server']>
  isLifted: boolean
}

/**
 * Lifts the idle limit of the connections whose requests take long, and sets it back: what Bun
 * sets for a request stays in force for those that follow on its connection. One timer for all:
 * most are answered before it comes, and the two calls for each would cost them 2 µs.
 */
export class IdleLimit {
  readonly #working = new Bag<Working>()
  #cancelLook: (() => void) | null = null

  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly seconds = IDLE_SECONDS,
  ) {}

  /** Does work that may take minutes. Settles as it does. */
  async during<T>({ request, server }: LongRequest, work: () => Promise<T>): Promise<T> {
    if (!server) return work()
    const working = { request, server, isLifted: false }
    const place = this.#working.add(working)
    this.#cancelLook ??= this.#lookLater()
    try {
      return await work()
    } finally {
      this.#working.remove(place, working)
      if (this.#working.size === 0) this.#rest()
      if (working.isLifted) server.timeout(request, this.seconds)
    }
  }

  #lookLater(): () => void {
    return this.clock.after((this.seconds * 1000) / LOOKS, () => {
      for (const each of this.#working.values()) if (!each.isLifted) lift(each)
      this.#cancelLook = this.#lookLater()
    })
  }

  /** Nobody works: no timer either. */
  #rest(): void {
    this.#cancelLook?.()
    this.#cancelLook = null
  }
}

function lift(working: Working): void {
  working.server.timeout(working.request, 0)
  working.isLifted = true
}
