/** The slots of asynchronous tasks, and which droplets had to wait for one. */
import type { Write } from '../../../src/store/driver.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import { attemptsIn, isOpen, rowOf } from './row.ts'
import { dropletOf, modeOf, type TaskModel } from './task-model.ts'
import type { TaskModels } from './task-models.ts'

/** A droplet may hold three slots for each one that is free. */
const HELD_PER_FREE_SLOT = 3

export class SlotModel {
  /** The droplet of each asynchronous task with an attempt in flight. */
  readonly #held = new Map<string, string>()
  readonly #congestedUntil = new Map<string, number>()
  #concurrency = 1

  constructor(
    private readonly world: World,
    private readonly tasks: TaskModels,
    /** Their names in lower case. */
    private readonly droplets: readonly string[],
  ) {}

  startProcess({ concurrency }: SimProcess): void {
    this.#held.clear()
    this.#congestedUntil.clear()
    this.#concurrency = concurrency
  }

  /** More than half of the slots are taken: then a node asks for no more tasks. */
  get isBusy(): boolean {
    return 2 * (this.#concurrency - this.#held.size) < this.#concurrency
  }

  /** Until when that was so, simulated ms. */
  busyUntil = -1

  /** Until when the tasks of `droplet` had to wait for a slot, simulated ms; 0: never. */
  congestedUntil(droplet: string): number {
    return this.#congestedUntil.get(droplet) ?? 0
  }

  /** A slot is taken before the attempt's start is written. */
  commitRequested(writes: readonly Write[]): void {
    this.#change(writes, (task, inFlight) => {
      if (inFlight) this.#held.set(task.id, dropletOf(task))
    })
  }

  /** It is given back when the attempt's end is on disk. */
  acknowledged(writes: readonly Write[]): void {
    this.#change(writes, (task, inFlight) => {
      if (!inFlight) this.#held.delete(task.id)
    })
  }

  updateCongestion(): void {
    const { now } = this.world
    if (this.isBusy) this.busyUntil = now
    const free = this.#concurrency - this.#held.size
    const heldBy = new Map<string, number>()
    for (const droplet of this.#held.values()) heldBy.set(droplet, (heldBy.get(droplet) ?? 0) + 1)
    for (const [droplet, held] of heldBy) {
      if (held >= HELD_PER_FREE_SLOT * (free - 1)) this.#congestedUntil.set(droplet, now)
    }
    // One droplet alone never takes all the slots from the others.
    if (free > 0 || (heldBy.size === 1 && this.#concurrency > 1)) return
    for (const droplet of this.droplets) {
      if (!heldBy.has(droplet)) this.#congestedUntil.set(droplet, now)
    }
  }

  #change(writes: readonly Write[], change: (task: TaskModel, inFlight: boolean) => void): void {
    this.updateCongestion()
    for (const write of writes) {
      const row = rowOf(write)
      const task = this.tasks.find(row.id as string)
      if (!task || modeOf(task) !== 'async' || write[0] === 'insert') continue
      change(task, row.status === 'running' && isOpen(attemptsIn(row).at(-1)))
    }
    this.updateCongestion()
  }
}
