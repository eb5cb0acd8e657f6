/** How many finished tasks there are, as far as this node knows: others finish some, too. */
export class FinishedCount {
  #finished = 0
  #added = 0

  /** `max`: how many there may be. */
  constructor(readonly max: number) {}

  /** How many are too many; negative: so many more there may be. */
  get excess(): number {
    return this.#finished - this.max
  }

  /** How many this node has added so far. */
  get added(): number {
    return this.#added
  }

  add(tasks: number): void {
    this.#finished += tasks
    this.#added += tasks
  }

  /**
   * Called before the database is asked for the number; what it returns takes the answer. What this
   * node adds in between may not be in that, and is put on top.
   */
  asking(): (finished: number) => void {
    const added = this.#added
    return (finished) => {
      this.#finished = finished + this.#added - added
    }
  }
}
