import { Bag } from '../bag.ts'
import type { AbortReason, Run } from './run.ts'

/** All tasks that are being worked on, where they can be found, stopped and waited for. */
export class Runs {
  readonly #runs = new Bag<Run>()

  get size(): number {
    return this.#runs.size
  }

  /**
   * Looks at all of them, 1,000 in 10 µs: only a cancel asks. There are two for one task while the
   * aborted one still waits for the disk and the task's caller has sent it again.
   */
  get(id: string): Run | undefined {
    const runs = [...this.#runs.values().filter((run) => run.id === id)]
    return runs.find((run) => !run.aborted) ?? runs[0]
  }

  /** Keeps the run as long as `work` takes; settles as `work` does. */
  async hold(run: Run, work: () => Promise<void>): Promise<void> {
    const working = work()
    run.working = working
    const place = this.#runs.add(run)
    try {
      await working
    } finally {
      this.#runs.remove(place, run)
    }
  }

  /** Of those whose task has been read. */
  count(which: (run: Run) => boolean): number {
    let count = 0
    for (const run of this.#runs.values()) if (run.loaded && which(run)) count++
    return count
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
