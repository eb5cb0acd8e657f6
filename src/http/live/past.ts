/** The latest changes, for those who come back after a short break. */
import type { EventIds, TaskChange } from './task-change.ts'

/** Some 500 bytes each. */
const MAX_CHANGES = 4096
/** To be sent at once. Whoever has missed more reads the lists again. */
const MAX_MISSED = 500

export class Past implements EventIds {
  #changes: TaskChange[] = []
  #seq = 0
  /** The first of those that are all still here. */
  #firstSeq = 1
  #isNoting = false

  /** Of this run of the service: its numbers are not those of another. */
  #run = ''

  constructor(private readonly newId: () => string) {}

  /** Whether all that happens is noted. */
  get isNoting(): boolean {
    return this.#isNoting
  }

  /** All that happens from now on will be noted. */
  begin(): void {
    this.#run ||= this.newId()
    this.#isNoting = true
  }

  /** What happens from now on is not noted. */
  end(): void {
    this.#isNoting = false
    this.#changes = []
    // A number is left out: whoever has the latest id misses what is not noted.
    this.#seq++
    this.#firstSeq = this.#seq + 1
  }

  add(make: (seq: number) => TaskChange): TaskChange {
    const change = make(++this.#seq)
    this.#changes.push(change)
    // In one piece, now and then: taking off the first of an array moves all others.
    if (this.#changes.length >= 2 * MAX_CHANGES) {
      this.#changes = this.#changes.slice(-MAX_CHANGES)
      this.#firstSeq = this.#changes[0]!.seq
    }
    return change
  }

  of(seq: number): string {
    return `${this.#run}.${seq}`
  }

  get latestSeq(): number {
    return this.#seq
  }

  /** All changes after that one; null when some of them are not known any more, or they are many. */
  since(id: string): readonly TaskChange[] | null {
    const [run, number] = id.split('.')
    if (run !== this.#run || !/^\d{1,15}$/.test(number ?? '')) return null
    const seq = Number(number)
    if (seq > this.#seq || seq + 1 < this.#firstSeq) return null
    const missed = this.#changes.slice(seq + 1 - this.#firstSeq)
    return missed.length > MAX_MISSED ? null : missed
  }
}
