import type { AbortReason, Run } from './run.ts'

/** All tasks that are being worked on, where they can be found, stopped and waited for. */
export class Runs {
  readonly #byId = new Map<string, Run>()

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Run | undefined {
    return this.#byId.get(id)
  }

  /** Keeps the run as long as `work` takes; settles as `work` does. */
  async hold(id: string, run: Run, work: () => Promise<void>): Promise<void> {
    const working = work()
    run.working = working
    this.#byId.set(id, run)
    try {
      await working
    } finally {
      this.#byId.delete(id)
    }
  }

  some(which: (run: Run) => boolean): boolean {
    return this.#byId.values().some(which)
  }

  abortAll(reason: AbortReason): void {
    for (const run of this.#byId.values()) run.abort(reason)
  }

  /** Resolves when the work on each run that is here now is over; `which` of them: all if unset. */
  async finished(which: (run: Run) => boolean = () => true): Promise<void> {
    const runs = [...this.#byId.values()].filter(which)
    await Promise.all(runs.map((run) => run.finished()))
  }
}
