/** How a transaction changes the numbers of finished tasks, by droplet (its `nameKey`) and state. */
export class FinishedCounts {
  readonly #changes = new Map<string, Map<string, number>>()
  /** The sum of all changes. */
  total = 0

  add(dropletKey: string, status: string, change: number): void {
    const byStatus = this.#changes.get(dropletKey) ?? new Map<string, number>()
    byStatus.set(status, (byStatus.get(status) ?? 0) + change)
    this.#changes.set(dropletKey, byStatus)
    this.total += change
  }

  *changes(): Generator<[dropletKey: string, status: string, change: number]> {
    for (const [dropletKey, byStatus] of this.#changes) {
      for (const [status, change] of byStatus) if (change !== 0) yield [dropletKey, status, change]
    }
  }
}
