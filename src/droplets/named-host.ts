import { codeOf } from '../errors.ts'
import type { Clock, Resolve } from '../ports.ts'
import { CallRefused } from './call-refused.ts'

/** /etc/hosts gives no time; to read it again for every request takes 40 µs. */
const MIN_TTL_MS = 1000
const MAX_TTL_MS = 30_000
/** How long a name service that fails is done without (RFC 8767). */
const KEEP_MS = 600_000
/** How long one that does not answer is waited for, where its last answer is known. */
const PATIENCE_MS = 1800
const MAX_ADDRESSES = 16

export interface NamedHostPorts {
  clock: Clock
  resolve: Resolve
  /** Completes the sentence "<address> …"; null: it may be dialled. */
  addressFault(address: string): string | null
}

/** Where a host name is, as far as it may be called there. */
export class NamedHost {
  #addresses: readonly string[] | null = null
  #goodUntil = -Infinity
  #keptUntil = -Infinity
  /** The last look-up brings nothing, and what the one before it brought is kept. */
  #isKept = false
  #asking: Promise<readonly string[]> | null = null
  #failed: string | null = null

  constructor(
    private readonly name: string,
    private readonly ports: NamedHostPorts,
  ) {}

  /**
   * At least one, in the order in which they are to be tried. Rejects with CallRefused when none
   * may be dialled, and as the name service does. Does not look at who waits: they give up by
   * themselves.
   */
  addresses(): readonly string[] | Promise<readonly string[]> {
    if (this.#addresses && this.ports.clock.monotonic() < this.#goodUntil) return this.#addresses
    const asking = (this.#asking ??= this.#ask())
    if (!this.#addresses || !this.#isKept || this.#isTooOld) return asking
    asking.catch(() => {})
    return this.#addresses
  }

  /** A request there has failed: the next one goes elsewhere first. */
  failed(address: string): void {
    this.#failed = address
    this.#addresses = this.#addresses && this.#inOrder(this.#addresses)
  }

  get #isTooOld(): boolean {
    return this.ports.clock.monotonic() >= this.#keptUntil
  }

  #inOrder(addresses: readonly string[]): readonly string[] {
    const [first, ...others] = addresses
    return first !== undefined && first === this.#failed ? [...others, first] : addresses
  }

  /** A name service that hangs delays nobody for long who knows where to go. */
  #ask(): Promise<readonly string[]> {
    const asking = Promise.withResolvers<readonly string[]>()
    const cancelTimer = this.ports.clock.after(PATIENCE_MS, () => {
      this.#isKept = this.#addresses !== null
      if (this.#addresses && !this.#isTooOld) asking.resolve(this.#addresses)
    })
    const answered = this.#lookUp().finally(() => {
      cancelTimer()
      this.#asking = null
    })
    answered.then(asking.resolve, asking.reject)
    return asking.promise
  }

  async #lookUp(): Promise<readonly string[]> {
    const { clock, resolve } = this.ports
    try {
      const { addresses, ttlMs } = await resolve(this.name)
      const allowed = this.#inOrder(this.#allowed(addresses))
      const now = clock.monotonic()
      this.#addresses = allowed
      this.#goodUntil = now + Math.min(Math.max(ttlMs, MIN_TTL_MS), MAX_TTL_MS)
      this.#keptUntil = now + KEEP_MS
      this.#isKept = false
      return allowed
    } catch (error) {
      return this.#keep(error)
    }
  }

  #allowed(addresses: readonly string[]): readonly string[] {
    const { addressFault } = this.ports
    const allowed = addresses.filter((address) => addressFault(address) === null)
    if (allowed.length > 0) return allowed.slice(0, MAX_ADDRESSES)
    const [first = 'nowhere'] = addresses
    throw new CallRefused(`${this.name} is at ${first}, which ${addressFault(first)}`)
  }

  /** A service that does not answer says nothing about the name. */
  #keep(error: unknown): readonly string[] {
    const isAnswer = error instanceof CallRefused || codeOf(error) === 'ENOTFOUND'
    if (isAnswer || this.#isTooOld) this.#addresses = null
    this.#isKept = this.#addresses !== null
    if (this.#addresses === null) throw error
    return this.#addresses
  }
}
