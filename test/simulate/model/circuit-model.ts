/**
 * What is known of a droplet's circuit: the service says in its log when it opens and closes, and
 * `checkers/` judge that by what attempts and probes have found.
 */
import type { AttemptResult } from '../../../src/events.ts'
import type { GateLimits } from '../service/sim-process.ts'

/** What an attempt says of its droplet. `unclear`: the contract does not tell. */
export type Verdict = 'there' | 'away' | 'unclear'

export interface Finding {
  /** Simulated ms. */
  readonly at: number
  /** When the attempt got its permit. */
  readonly from: number
  readonly verdict: Verdict
  /** It was answered, with 502, 503 or 504 if it is away. */
  readonly byAnswer: boolean
}

const WINDOW_MS = 30_000
/** The service counts by whole seconds. */
const SECOND_MS = 1000
const MIN_ATTEMPTS = 10
const MIN_PATIENCE_MS = 5000
/** How late a timer may be, and a little. */
export const TIMER_MS = 25

export class CircuitModel {
  /** Simulated ms; null: it is closed. */
  openedAt: number | null = null
  closedAt = -1
  openedByAnswer = false
  /** When the latest probe went, simulated ms: an attempt, or our own look at its health. */
  lastProbeAt = 0
  /** When an attempt or a probe last found the droplet there, simulated ms; -1: never. */
  lastSignAt = -1
  #last: Finding | null = null
  /** Of the attempts that ended while it was closed, since then. */
  #findings: Finding[] = []

  constructor(private readonly limits: GateLimits) {}

  get isOpen(): boolean {
    return this.openedAt !== null
  }

  isBeyondGrace(now: number): boolean {
    return this.isOpen && now - this.openedAt! >= this.limits.breakerGraceMs
  }

  lastFindingIs(verdict: Verdict, now: number): boolean {
    return this.#last?.verdict === verdict && this.#last.at === now
  }

  found(finding: Finding): void {
    this.#last = finding
    if (finding.verdict === 'there') this.lastSignAt = finding.at
    if (this.isOpen) return
    // It counts only if it was sent, after it got its permit, when the circuit had closed already.
    const isOld = finding.verdict === 'away' && finding.from <= this.closedAt
    this.#findings.push(isOld ? { ...finding, verdict: 'unclear' } : finding)
    if (this.#findings.length > 2000) this.#findings = this.#findings.slice(-1000)
  }

  opened(now: number): void {
    this.openedAt = now
    this.lastProbeAt = now
    this.openedByAnswer = this.#findings.at(-1)?.byAnswer ?? false
  }

  closed(now: number): void {
    this.openedAt = null
    this.closedAt = now
    this.forget()
  }

  forget(): void {
    this.#findings = []
  }

  /**
   * What is unclear, or is of attempts that began before the time `since`, counts as it suits the
   * service.
   */
  mayOpen(now: number, since: number): boolean {
    if (this.limits.breakerThreshold === 0) return false
    const isFailure = ({ verdict }: Finding) => verdict !== 'there'
    const recentOnly = this.#findings.filter((each) => isFailure(each) || each.from > since)
    const isHalf = (recent: Finding[]) => {
      const failed = recent.filter(isFailure).length
      return failed > 0 && recent.length >= MIN_ATTEMPTS && 2 * failed >= recent.length
    }
    const isTooMuch = (found: Finding[]) =>
      this.#isRow(found, isFailure) || windows(found, now).some(isHalf)
    return isTooMuch(this.#findings) || isTooMuch(recentOnly)
  }

  /** With the latest finding, and by those of attempts that began after the time `since`. */
  mustOpen(now: number, since: number): boolean {
    const last = this.#findings.at(-1)
    if (this.limits.breakerThreshold === 0 || last?.verdict !== 'away' || last.at < now)
      return false
    const isFailure = ({ verdict }: Finding) => verdict === 'away'
    const findings = this.#findings.filter(
      ({ from, verdict }) => from > since || verdict === 'there',
    )
    const isHalf = (recent: Finding[]) => {
      const clear = recent.filter(({ from, verdict }) => from > since && verdict !== 'unclear')
      const isEnough = clear.length >= MIN_ATTEMPTS
      return isEnough && 2 * recent.filter(isFailure).length >= recent.length
    }
    return this.#isRow(findings, isFailure) || windows(findings, now).every(isHalf)
  }

  #isRow(findings: Finding[], isFailure: (finding: Finding) => boolean): boolean {
    const row = findings.length - 1 - findings.findLastIndex((each) => !isFailure(each))
    return row >= this.limits.breakerThreshold
  }
}

/** All that may be the last 30 s: the service counts by whole seconds of its own clock. */
function windows(findings: Finding[], now: number): Finding[][] {
  const from = now - WINDOW_MS
  const recent = findings.filter(({ at }) => at > from)
  const unsure = recent.filter(({ at }) => at <= from + SECOND_MS).length
  return Array.from({ length: unsure + 1 }, (_, skipped) => recent.slice(skipped))
}

/** Null: it says nothing. `timeoutMs`: how long the attempt might take, its wait included. */
export function verdictOf(
  result: AttemptResult | null,
  timeoutMs: number,
  { patienceMs }: GateLimits,
): Verdict | null {
  if (result === null || result.isOurs) return null
  const { outcome, status, durationMs } = result
  if (outcome === 'answered' && (status! < 502 || status! > 504)) return 'there'
  // That it did not answer in time has been counted.
  if (timeoutMs > patienceMs && durationMs >= patienceMs - TIMER_MS) return 'unclear'
  if (outcome === 'answered' || outcome === 'unreachable') return 'away'
  if (outcome !== 'timeout') return null
  const patience = Math.min(timeoutMs, patienceMs)
  if (patience < MIN_PATIENCE_MS) return null
  if (durationMs >= patience - TIMER_MS) return 'away'
  // A deadline cut it short; or its wait at the gate did.
  return durationMs >= MIN_PATIENCE_MS - TIMER_MS ? 'unclear' : null
}
