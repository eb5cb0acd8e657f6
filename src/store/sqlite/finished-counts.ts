/** How one commit changes the numbers of finished tasks, by droplet and state. */
export class FinishedCounts {
  readonly #changes = new Map<string, Map<string, number>>()
  /** The sum of all changes. */
  total = 0

  add(dropletName: string, status: string, change: number): void {
    const byStatus = this.#changes.get(dropletName) ?? new Map<string, number>()
    byStatus.set(status, (byStatus.get(status) ?? 0) + change)
    this.#changes.set(dropletName, byStatus)
    this.total += change
  }

  *changes(): Generator<[dropletName: string, status: string, change: number]> {
    for (const [dropletName, byStatus] of this.#changes) {
      for (const [status, change] of byStatus) if (change !== 0) yield [dropletName, status, change]
    }
  }
}
