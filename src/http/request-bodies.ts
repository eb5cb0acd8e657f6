/** The memory and the time that request bodies may take, one by one and together. */
import { Bag } from '../bag.ts'
import { invalidRequest, OrchestratorError } from '../errors.ts'
import { declaredLength, readBody } from '../platform/bounded-body.ts'
import type { Clock } from '../ports.ts'

const MEBIBYTE = 1024 * 1024
/** What all bodies together may have; or room for MIN_BODIES of the largest, if that is more. */
const MIN_TOTAL_BYTES = 256 * MEBIBYTE
const MIN_BODIES = 4

/** How long a body may take: this, and 1 s more for each 64 KB that a body may have. */
const BASE_MS = 30_000
const MIN_BYTES_PER_MS = 64
const LOOK_MS = 5000

/** The bytes of a body, which count as held: to be released when nothing needs them. */
export interface HeldBody {
  readonly bytes: Uint8Array
  release(): void
}

interface Reading {
  readonly deadline: number
  giveUp(): void
}

export class RequestBodies {
  readonly #maxTotal: number
  readonly #maxMs: number
  readonly #reading = new Bag<Reading>()
  #held = 0
  #cancelLook: (() => void) | null = null

  /** `maxBytes`: of one body. */
  constructor(
    private readonly clock: Pick<Clock, 'monotonic' | 'after'>,
    readonly maxBytes: number,
    maxTotal = Math.max(MIN_TOTAL_BYTES, MIN_BODIES * maxBytes),
  ) {
    this.#maxTotal = maxTotal
    this.#maxMs = BASE_MS + maxBytes / MIN_BYTES_PER_MS
  }

  /** Bytes of all bodies that are being read, or not released yet. */
  get held(): number {
    return this.#held
  }

  /**
   * Reads the body of a request. Throws PAYLOAD_TOO_LARGE; OVERLOADED when it would be too much
   * together with the others, before it is read where its length is known; and INVALID_REQUEST
   * when it takes too long. An idle limit alone would let it come byte by byte for days.
   */
  async read(request: Request): Promise<HeldBody> {
    let held = 0
    let isGivenUp = false
    const take = (bytes: number): undefined => {
      // What nobody waits for any more: its stream ends by that, too.
      if (isGivenUp) throw new SlowBody(this.#maxMs)
      if (this.#held + bytes > this.#maxTotal) throw bodiesOverloaded(this.#maxTotal)
      this.#held += bytes
      held += bytes
    }
    const release = () => {
      this.#held -= held
      held = 0
    }
    try {
      const declared = declaredLength(request)
      if (declared !== null && declared <= this.maxBytes) take(declared)
      const takePiece = declared === null ? take : undefined
      const bytes = await this.#inTime(readBody(request, this.maxBytes, takePiece))
      if (bytes === null) throw tooLarge(this.maxBytes)
      return { bytes, release }
    } catch (error) {
      isGivenUp = true
      release()
      throw error
    }
  }

  #inTime<T>(read: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const end = () => {
      this.#reading.remove(place, reading)
      if (this.#reading.size === 0) this.#stopLooking()
    }
    const giveUp = () => (end(), reject(new SlowBody(this.#maxMs)))
    const reading = { deadline: this.clock.monotonic() + this.#maxMs, giveUp }
    const place = this.#reading.add(reading)
    // One timer for all, as most bodies are there at once.
    this.#cancelLook ??= this.#lookLater()
    read.then(
      (value) => (end(), resolve(value)),
      (error) => (end(), reject(error as Error)),
    )
    return promise
  }

  #lookLater(): () => void {
    return this.clock.after(LOOK_MS, () => {
      const now = this.clock.monotonic()
      for (const each of this.#reading.values()) if (each.deadline <= now) each.giveUp()
      this.#cancelLook = this.#reading.size > 0 ? this.#lookLater() : null
    })
  }

  #stopLooking(): void {
    this.#cancelLook?.()
    this.#cancelLook = null
  }
}

/** Its connection is closed with the answer: else the rest of it would still come. */
export class SlowBody extends OrchestratorError {
  constructor(maxMs: number) {
    const message = `did not come within ${Math.round(maxMs / 1000)} s`
    const fault = invalidRequest({ path: '', message })
    super(fault.code, fault.message, fault.details)
  }
}

export function tooLarge(maxBytes: number): OrchestratorError {
  return new OrchestratorError('PAYLOAD_TOO_LARGE', `The body is over ${maxBytes} bytes`, {
    max_body_bytes: maxBytes,
  })
}

function bodiesOverloaded(maxTotal: number): OrchestratorError {
  const message = `The requests that are worked on have ${maxTotal} bytes of bodies already`
  return new OrchestratorError('OVERLOADED', message, { max_bytes: maxTotal })
}
