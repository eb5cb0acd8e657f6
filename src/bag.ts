/**
 * Holds what comes and goes with every task, in no order. A Set or a Map would keep it in a table:
 * when that is full, a new one takes its place, and the old one still points to the new one. Once
 * the garbage collector counts one table as old, it keeps all later tables, and all items that
 * were in them, until its next full collection. With the tasks under way in Sets and Maps,
 * collections took two to three times as long, and a task 3 to 10 % more CPU.
 */
export class Bag<T extends object> {
  /** Never gets shorter: as many places as there ever were items at once. */
  readonly #items: (T | null)[] = []
  /** The places without an item. */
  readonly #free: number[] = []

  get size(): number {
    return this.#items.length - this.#free.length
  }

  /** Returns the item's place, which is its own until it is removed. */
  add(item: T): number {
    const place = this.#free.pop() ?? this.#items.length
    this.#items[place] = item
    return place
  }

  get(place: number): T | null {
    return this.#items[place] ?? null
  }

  /** Does nothing when the item is not there any more. */
  remove(place: number, item: T): void {
    if (this.#items[place] !== item) return
    this.#items[place] = null
    this.#free.push(place)
  }

  /** What is added or removed meanwhile may be seen or not. */
  *entries(): Generator<[place: number, item: T], void> {
    for (const [place, item] of this.#items.entries()) if (item !== null) yield [place, item]
  }

  /** As `entries`. */
  *values(): Generator<T, void> {
    for (const item of this.#items) if (item !== null) yield item
  }
}
