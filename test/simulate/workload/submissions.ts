/** What callers submit. */
import type { SubmitBody } from '../../../src/http/submit-body.ts'
import { METHODS } from '../../../src/task.ts'
import type { SimDroplet } from '../environment/sim-droplet.ts'
import type { Prng } from '../world/prng.ts'

export interface Submission {
  body: SubmitBody
  mode: 'sync' | 'async'
  waitMs: number
  key: string | null
}

/** How many submissions with a key are kept, to be sent again. */
const MAX_KEPT = 30
const MAX_DELAY_S = 5400

export class Submissions {
  readonly #kept: Submission[] = []
  #keys = 0
  #tokens = 0
  #paths = 0

  constructor(
    private readonly random: Prng,
    private readonly droplets: readonly SimDroplet[],
  ) {}

  next(): Submission {
    const { random } = this
    const mode = random.chance(0.55) ? 'async' : 'sync'
    const key = random.chance(0.3) ? this.#newKey() : null
    const waitMs = mode === 'async' && random.chance(0.35) ? random.integer(1, 60) * 1000 : 0
    const submission: Submission = { body: this.#body(mode), mode, waitMs, key }
    if (key !== null) this.#keep(submission)
    return submission
  }

  /** To be sent several times at once. */
  nextWithKey(): Submission {
    const submission = { ...this.next(), key: this.#newKey() }
    this.#keep(submission)
    return submission
  }

  /** An earlier one once more, or another one with its key; null: there is none yet. */
  repeated(): Submission | null {
    const { random } = this
    if (this.#kept.length === 0) return null
    const earlier = random.pick(this.#kept)
    return random.chance(0.75) ? this.#renewed(earlier) : { ...this.next(), key: earlier.key }
  }

  /** The same request, perhaps with another token. */
  #renewed(earlier: Submission): Submission {
    if (!earlier.body.headers || this.random.chance(0.3)) return earlier
    return { ...earlier, body: { ...earlier.body, headers: this.#token() } }
  }

  #token() {
    return { authorization: `Bearer ${++this.#tokens}` }
  }

  /** Many asynchronous ones for one droplet. */
  flood(): readonly Submission[] {
    const name = this.#dropletName()
    return Array.from({ length: this.random.integer(3, 12) }, () => this.to(name))
  }

  /** An asynchronous one for this droplet. */
  to(droplet_name: string): Submission {
    const { body } = this.next()
    return { body: { ...body, droplet_name }, mode: 'async', waitMs: 0, key: null }
  }

  /** A synchronous one for this droplet, most often with the defaults. */
  promptTo(droplet_name: string): Submission {
    const { random } = this
    const defaults = { timeout_ms: null, deadline_ms: null, max_retries: null }
    const body = { ...this.#body('sync'), ...(random.chance(0.7) ? defaults : {}), droplet_name }
    const key = random.chance(0.2) ? this.#newKey() : null
    const submission: Submission = { body, mode: 'sync', waitMs: 0, key }
    if (key !== null) this.#keep(submission)
    return submission
  }

  #body(mode: Submission['mode']): SubmitBody {
    const { random } = this
    const method = random.pick(METHODS)
    const number = ++this.#paths
    return {
      droplet_name: this.#dropletName(),
      method,
      path: `/work/${number}`,
      ...(method === 'GET' ? {} : { payload: { request: number } }),
      ...(random.chance(0.3) ? { headers: this.#token() } : {}),
      ...(random.chance(0.6) ? { timeout_ms: random.pick([50, 500, 2000, 10_000, 60_000]) } : {}),
      ...(random.chance(0.3) ? { deadline_ms: random.pick([100, 1500, 8000, 60_000]) } : {}),
      ...(random.chance(0.4) ? { max_retries: random.pick([0, 1, 2, 5, 10]) } : {}),
      ...(mode === 'async' && random.chance(0.25)
        ? { delay_seconds: random.pick([0.5, 3, 30, 600, MAX_DELAY_S]) }
        : {}),
    }
  }

  #dropletName(): string {
    const { random, droplets } = this
    if (random.chance(0.01)) return 'unknown'
    // A few droplets get most of the work.
    const { name } = droplets[Math.floor(random.next() ** 2 * droplets.length)]!
    return random.chance(0.2) ? name.toUpperCase() : name
  }

  #newKey(): string {
    return `key-${++this.#keys}`
  }

  #keep(submission: Submission): void {
    this.#kept.push(submission)
    if (this.#kept.length > MAX_KEPT) this.#kept.shift()
  }
}
