/** How many requests each client may send: a token bucket for each. */
import type { Clock } from '../ports.ts'

/** A bucket holds what flows in during this time; a full one can be emptied at once. */
export const BURST_SECONDS = 2

/** At most so many clients have a bucket of their own. */
export const MAX_CLIENTS = 10_000

/** A power of two. */
const SHARED_BUCKETS = 1024

export interface Taken {
  readonly isAllowed: boolean
  /** How many more requests may be sent at once. */
  readonly remaining: number
  /** Until the bucket is full again; of a refused request, until the next one may be sent. */
  readonly resetSeconds: number
}

interface Bucket {
  tokens: number
  /** When it had that many; monotonic, ms. */
  tick: number
}

/**
 * A bucket is full again BURST_SECONDS after the last request at the latest, and then it need not
 * be remembered. So there are two tables: every BURST_SECONDS the younger takes the place of the
 * older, whose buckets are all full. That needs no timer and looks at no bucket.
 *
 * With MAX_CLIENTS, no bucket is thrown out for a new client: somebody with many addresses could
 * use that to get a full bucket again. New clients then share SHARED_BUCKETS. Which one a client
 * gets depends on a secret seed: nobody can aim at the bucket of another, and to empty all of them
 * takes that many clients at their full rate.
 */
export class RateLimit {
  #younger = new Map<string, Bucket>()
  #older = new Map<string, Bucket>()
  #turnTick: number
  readonly #shared = new Map<number, Bucket>()
  readonly #capacity: number
  readonly #seed: bigint

  /** `perSecond`: at least 1. `seed`: any text that nobody can guess. */
  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly perSecond: number,
    seed: string,
  ) {
    this.#capacity = perSecond * BURST_SECONDS
    this.#seed = Bun.hash.wyhash(seed)
    this.#turnTick = clock.monotonic()
  }

  /** How many clients have a bucket of their own. */
  get size(): number {
    return this.#younger.size + this.#older.size
  }

  /** Counts a request of that client. */
  take(client: string): Taken {
    const now = this.clock.monotonic()
    this.#turnTables(now)
    const bucket = this.#bucketOf(client, now)
    const refilled = ((now - bucket.tick) / 1000) * this.perSecond
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + refilled)
    bucket.tick = now
    const isAllowed = bucket.tokens >= 1
    if (isAllowed) bucket.tokens--
    const missing = (isAllowed ? this.#capacity : 1) - bucket.tokens
    return {
      isAllowed,
      remaining: Math.floor(bucket.tokens),
      resetSeconds: Math.ceil(missing / this.perSecond),
    }
  }

  #turnTables(now: number): void {
    const turnMs = BURST_SECONDS * 1000
    const elapsed = now - this.#turnTick
    if (elapsed < turnMs) return
    this.#older = elapsed < 2 * turnMs ? this.#younger : new Map()
    this.#younger = new Map()
    this.#turnTick = now
  }

  #bucketOf(client: string, now: number): Bucket {
    const young = this.#younger.get(client)
    if (young) return young
    const old = this.#older.get(client)
    if (old) {
      this.#older.delete(client)
      this.#younger.set(client, old)
      return old
    }
    const fresh = { tokens: this.#capacity, tick: now }
    if (this.size < MAX_CLIENTS) {
      this.#younger.set(client, fresh)
      return fresh
    }
    const place = Number(Bun.hash.wyhash(client, this.#seed) % BigInt(SHARED_BUCKETS))
    const shared = this.#shared.get(place) ?? fresh
    this.#shared.set(place, shared)
    return shared
  }
}
