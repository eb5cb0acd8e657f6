/**
 * New tasks whose commit has failed, though it may have been done: an answer can be lost, and a
 * statement can arrive late. Their callers were told that nothing was started. So they are undone,
 * again and again for as long as a statement may be on its way.
 */
import type { Clock } from '../../ports.ts'

/** Longer than any statement may take, ms: the database ends them after 10 s. */
const MAX_LATE_MS = 60_000

interface Doubt {
  readonly session: string
  readonly id: string
  /** Monotonic ms. */
  readonly until: number
}

export class Doubts {
  #doubts: readonly Doubt[] = []

  constructor(private readonly clock: Clock) {}

  add(session: string, ids: readonly string[]): void {
    const until = this.clock.monotonic() + MAX_LATE_MS
    this.#doubts = [...this.#doubts, ...ids.map((id) => ({ session, id, until }))]
  }

  /** Those that there are, by session. */
  get bySession(): Map<string, string[]> {
    const bySession = Map.groupBy(this.#doubts, ({ session }) => session)
    return new Map(bySession.entries().map(([session, all]) => [session, all.map(({ id }) => id)]))
  }

  /** All have been undone, as of `tick`: those that were old enough by then are no doubt any more. */
  undone(tick: number): void {
    this.#doubts = this.#doubts.filter(({ until }) => until > tick)
  }
}
