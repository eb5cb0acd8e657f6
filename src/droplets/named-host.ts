import type { Clock, Resolve } from '../ports.ts'
import { CallRefused } from './call-refused.ts'

/** /etc/hosts gives no time; to read it again for every request takes 40 µs. */
const MIN_TTL_MS = 1000
const MAX_TTL_MS = 30_000
/** How long a name service that fails is done without. */
const KEEP_MS = 600_000
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
  /** The last look-up brought nothing, and what the one before it brought is kept. */
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
    const now = this.ports.clock.monotonic()
    if (this.#addresses && now < this.#goodUntil) return this.#addresses
    const asking = (this.#asking ??= this.#ask())
    if (!this.#addresses || !this.#isKept || now >= this.#keptUntil) return asking
    // A name service that hangs delays no request but the first.
    asking.catch(() => {})
    return this.#addresses
  }

  /** A request there has failed: the next one goes elsewhere first. */
  failed(address: string): void {
    this.#failed = address
    this.#addresses = this.#addresses && this.#inOrder(this.#addresses)
  }

  #inOrder(addresses: readonly string[]): readonly string[] {
    const [first, ...others] = addresses
    return first !== undefined && first === this.#failed ? [...others, first] : addresses
  }

  async #ask(): Promise<readonly string[]> {
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
    } finally {
      this.#asking = null
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
    const isAnswer =
      error instanceof CallRefused || (error as { code?: unknown }).code === 'ENOTFOUND'
    if (isAnswer || this.ports.clock.monotonic() >= this.#keptUntil) this.#addresses = null
    this.#isKept = this.#addresses !== null
    if (this.#addresses === null) throw error
    return this.#addresses
  }
}
