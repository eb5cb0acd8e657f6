/** Those who wait for the end of a task. */
import type { Clock } from '../ports.ts'

export class Watchers {
  readonly #byTask = new Map<string, Set<() => void>>()

  constructor(private readonly clock: Clock) {}

  /** `over` resolves when the task has ended, after `ms`, or when everybody is sent home. */
  watch(id: string, ms: number): { over: Promise<void>; leave(): void } {
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const leave = () => {
      callOff()
      const others = this.#byTask.get(id)
      others?.delete(leave)
      if (others?.size === 0) this.#byTask.delete(id)
      resolve()
    }
    const callOff = this.clock.after(ms, leave)
    const watching = this.#byTask.get(id) ?? new Set()
    this.#byTask.set(id, watching.add(leave))
    return { over, leave }
  }

  ended(id: string): void {
    for (const leave of this.#byTask.get(id) ?? []) leave()
  }

  /** Everybody gets what there is: the service stops. */
  sendHome(): void {
    for (const id of this.#byTask.keys()) this.ended(id)
  }
}
