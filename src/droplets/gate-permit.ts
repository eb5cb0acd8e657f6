import type { AttemptResult } from '../events.ts'
import type { Clock } from '../ports.ts'
import type { Permit } from './gate.ts'
import { isThere } from './is-there.ts'

/** A shorter time says nothing: many answers take so long. */
const MIN_PATIENCE_MS = 5000
/** A timer may come a little early. */
const EARLY_MS = 20

export interface PermitOptions {
  readonly clock: Pick<Clock, 'after' | 'monotonic'>
  readonly timeoutMs: number
  /** After so long without an answer, the droplet counts as not there; ms. */
  readonly patienceMs: number
  readonly isProbe: boolean
}

/** How it was found whether a droplet is there. */
export interface Finding {
  readonly isProbe: boolean
  /** It was answered: with 502, 503 or 504, if it is not there. */
  readonly byAnswer: boolean
  /** When the request began; monotonic ms. */
  readonly startTick: number
}

/** Who gave the permit, and hears what came of it. */
export interface PermitOwner {
  found(isThere: boolean, finding: Finding): void
  released(): void
}

export class GatePermit implements Permit {
  readonly admitted = true
  #startTick: number
  #isProbe: boolean
  #isReleased = false
  #isOverdue = false
  #cancelTimer: (() => void) | null = null

  constructor(
    private readonly options: PermitOptions,
    private readonly owner: PermitOwner,
  ) {
    this.#startTick = options.clock.monotonic()
    this.#isProbe = options.isProbe
  }

  /** Not from the permit on: in between, the attempt is recorded. */
  sending(): void {
    const { clock, timeoutMs, patienceMs } = this.options
    this.#startTick = clock.monotonic()
    // The others end by then: they need no timer.
    if (patienceMs >= MIN_PATIENCE_MS && timeoutMs > patienceMs) {
      this.#cancelTimer = clock.after(patienceMs, () => this.#overdue())
    }
  }

  release(result: AttemptResult | null): void {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#cancelTimer?.()
    const isThere = this.#says(result)
    // First of all: the next in line must not go to a droplet that is not there.
    if (isThere !== null) this.#tell(isThere, result?.status != null)
    this.owner.released()
  }

  #overdue(): void {
    this.#isOverdue = true
    this.#tell(false, false)
    // Should it be answered after all, the droplet is there.
    this.#isProbe = true
  }

  #tell(isThere: boolean, byAnswer: boolean): void {
    this.owner.found(isThere, { isProbe: this.#isProbe, byAnswer, startTick: this.#startTick })
  }

  /** Whether the droplet is there; null: nothing tells. */
  #says(result: AttemptResult | null): boolean | null {
    if (result === null || result.isOurs) return null
    const isThere = this.#verdict(result)
    // That it was not there in time has been told.
    return this.#isOverdue && isThere === false ? null : isThere
  }

  #verdict(result: AttemptResult): boolean | null {
    switch (result.outcome) {
      case 'answered':
        return isThere(result.status)
      case 'unreachable':
        return false
      case 'timeout':
        return this.#hasWaited(result.durationMs) ? false : null
      default:
        return null
    }
  }

  #hasWaited(durationMs: number): boolean {
    const { patienceMs } = this.options
    return patienceMs >= MIN_PATIENCE_MS && durationMs >= patienceMs - EARLY_MS
  }
}
