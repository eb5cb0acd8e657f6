/** The places of asynchronous tasks, and whether those who wait for one wait for a reason. */
import type { Write } from '../../src/store/sqlite/history.ts'
import type { Attempt } from '../../src/task.ts'
import { isOpen } from './arrows.ts'
import { dropletOf, modeOf, type Known } from './known.ts'
import { rowOf, type Ledger } from './ledger.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** A droplet may hold three slots for each one that is free. */
const SLOTS_PER_FREE_SLOT = 3
/** How late the service may be without a reason. */
const PATIENCE_MS = 2000

export class Slots {
  /** Asynchronous tasks with an attempt under way, and their droplets. */
  readonly #held = new Map<string, string>()
  /** Until when a droplet's tasks had to wait. */
  readonly #crowdedUntil = new Map<string, number>()
  #concurrency = 1

  constructor(
    private readonly world: World,
    private readonly ledger: Ledger,
    private readonly disk: () => { troubledUntil: number },
    /** Their names in lower case. */
    private readonly droplets: readonly string[],
  ) {}

  begin({ concurrency }: Process): void {
    this.#held.clear()
    this.#crowdedUntil.clear()
    this.#concurrency = concurrency
  }

  asked(writes: readonly Write[]): void {
    this.#change(writes, (task, begun) => {
      if (begun) this.#held.set(task.id, dropletOf(task))
    })
  }

  acknowledged(writes: readonly Write[]): void {
    this.#change(writes, (task, begun) => {
      if (!begun) this.#held.delete(task.id)
    })
  }

  /** No wake-up is lost: what is due and has a place is on its way. */
  watch(process: Process): void {
    if (!process.serving || process.draining) return
    const { world } = this
    this.#noteCrowds()
    for (const task of this.ledger.unfinished) {
      const since = this.#stuckSince(task, process)
      if (since === null) continue
      const waits = world.now - Math.max(since, process.servingSince, this.disk().troubledUntil)
      if (waits > PATIENCE_MS) world.violate(`nothing happens to it for ${waits} ms`, task.id)
    }
  }

  /** Since when it is the service's turn; null when it isn't. */
  #stuckSince(task: Known, process: Process): number | null {
    const sent = task.sent.at(-1)
    if (sent && sent.end === null) return null
    if (task.due === null) return sent?.process === process.number ? sent.endedAt : task.askedAt
    if (task.due > this.world.now) return null
    const crowded = modeOf(task) === 'async' ? this.#crowdedUntil.get(dropletOf(task)) : undefined
    return Math.max(task.due, crowded ?? 0)
  }

  #change(writes: readonly Write[], change: (task: Known, begun: boolean) => void): void {
    this.#noteCrowds()
    for (const write of writes) {
      const row = rowOf(write)
      const task = this.ledger.tasks.get(row.id as string)
      if (!task || row.mode !== 'async' || write[0] === 'insert') continue
      const attempts = JSON.parse(row.attempts as string) as Attempt[]
      change(task, row.status === 'running' && isOpen(attempts.at(-1)))
    }
    this.#noteCrowds()
  }

  #noteCrowds(): void {
    const { now } = this.world
    const free = this.#concurrency - this.#held.size
    const holders = new Map<string, number>()
    for (const droplet of this.#held.values()) {
      holders.set(droplet, (holders.get(droplet) ?? 0) + 1)
    }
    for (const [droplet, held] of holders) {
      if (held >= SLOTS_PER_FREE_SLOT * (free - 1)) this.#crowdedUntil.set(droplet, now)
    }
    // One droplet alone never takes all the places from the others.
    if (free > 0 || (holders.size === 1 && this.#concurrency > 1)) return
    for (const droplet of this.droplets) {
      if (!holders.has(droplet)) this.#crowdedUntil.set(droplet, now)
    }
  }
}
