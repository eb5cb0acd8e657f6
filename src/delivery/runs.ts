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
    run.finished = working.catch(() => {})
    this.#byId.set(id, run)
    try {
      await working
    } finally {
      this.#byId.delete(id)
    }
  }

  abortAll(reason: AbortReason): void {
    for (const run of this.#byId.values()) run.abort(reason)
  }

  /** Resolves when the work on each run that is here now is over. */
  async finished(): Promise<void> {
    await Promise.all([...this.#byId.values()].map((run) => run.finished))
  }
}
