/** The first few of many names, without sorting all of them. */
export class SmallestNames {
  readonly #sorted: string[] = []

  constructor(private readonly max: number) {}

  get sorted(): readonly string[] {
    return this.#sorted
  }

  add(name: string): void {
    const sorted = this.#sorted
    if (sorted.length === this.max && name >= sorted[this.max - 1]!) return
    sorted.splice(this.#placeOf(name), 0, name)
    if (sorted.length > this.max) sorted.pop()
  }

  /** By bisection. */
  #placeOf(name: string): number {
    let from = 0
    let to = this.#sorted.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.#sorted[middle]! <= name) from = middle + 1
      else to = middle
    }
    return from
  }
}
