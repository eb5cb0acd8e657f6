/**
 * What has failed, though the database may have done it: an answer can be lost, and a statement can
 * arrive late. New tasks, whose callers were told that nothing was started, are undone; claimed
 * ones, of which this node knows nothing, are given back. Again and again, for as long as a
 * statement may be on its way: a server that was paused goes on with what it had when it is back.
 */
import type { Clock } from '../../ports.ts'

/** Longer than any statement may take, ms: Postgres ends ours after 10 s. */
const MAX_LATE_MS = 60_000

interface Doubt<T> {
  readonly session: string
  readonly what: T
  /** Until when it is undone again, monotonic ms; null: it has not been undone since it failed. */
  readonly until: number | null
}

/** `T`: what tells the database which of them is meant. */
export class Doubts<T> {
  #doubts: readonly Doubt<T>[] = []

  constructor(private readonly clock: Clock) {}

  add(session: string, failed: readonly T[]): void {
    const doubts = failed.map((what) => ({ session, what, until: null }))
    this.#doubts = [...this.#doubts, ...doubts]
  }

  /** Asks for all of them to be undone, session by session. Rejects as `undo` does. */
  async clear(undo: (session: string, failed: readonly T[]) => Promise<void>): Promise<void> {
    const tick = this.clock.monotonic()
    const asked = new Set(this.#doubts)
    const change = (to: (doubt: Doubt<T>) => Doubt<T>) => {
      this.#doubts = this.#doubts.map((doubt) => (asked.has(doubt) ? to(doubt) : doubt))
    }
    try {
      for (const [session, doubts] of Map.groupBy(this.#doubts, (doubt) => doubt.session)) {
        await undo(
          session,
          doubts.map(({ what }) => what),
        )
      }
    } catch (error) {
      // It may have been away, and go on only now.
      change((doubt) => ({ ...doubt, until: null }))
      throw error
    }
    change((doubt) => undone(doubt, tick))
    // Those that were old enough when they were asked for are no doubt any more.
    this.#doubts = this.#doubts.filter(({ until }) => until === null || until > tick)
  }
}

function undone<T>(doubt: Doubt<T>, tick: number): Doubt<T> {
  return { ...doubt, until: doubt.until ?? tick + MAX_LATE_MS }
}
