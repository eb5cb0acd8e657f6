import { Bag } from '../bag.ts'
import type { AbortReason, Run } from './run.ts'

/** All tasks that are being worked on, where they can be found, stopped and waited for. */
export class Runs {
  readonly #runs = new Bag<Run>()

  get size(): number {
    return this.#runs.size
  }

  /** Looks at all of them: only a cancel asks. */
  get(id: string): Run | undefined {
    return this.#runs.values().find((run) => run.id === id)
  }

  /** Keeps the run as long as `work` takes; settles as `work` does. */
  async hold(run: Run, work: () => Promise<void>): Promise<void> {
    const working = work()
    run.working = working
    const at = this.#runs.add(run)
    try {
      await working
    } finally {
      this.#runs.remove(run, at)
    }
  }

  some(which: (run: Run) => boolean): boolean {
    return this.#runs.values().some(which)
  }

  abortAll(reason: AbortReason): void {
    for (const run of this.#runs.values()) run.abort(reason)
  }

  /** Resolves when the work on each run that is here now is over; `which` of them: all if unset. */
  async finished(which: (run: Run) => boolean = () => true): Promise<void> {
    const runs = [...this.#runs.values()].filter(which)
    await Promise.all(runs.map((run) => run.finished()))
  }
}
