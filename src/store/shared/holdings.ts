/** What a node owns in a shared database, and by what right it changes it. */
import type { Clock } from '../../ports.ts'
import type { FencedClaim, Hold, SharedDatabase } from './database.ts'
import { Doubts } from './doubts.ts'
import type { Lease } from './lease.ts'

/** The fence that a task is inserted with. */
const FIRST_FENCE = 1

type HeldTask = Hold & { readonly id: string }

export interface HoldingsPorts {
  database: Pick<SharedDatabase, 'release' | 'unclaim' | 'notify'>
  lease: Pick<Lease, 'session' | 'check'>
  clock: Clock
}

export class Holdings {
  /** Of the tasks that were claimed; all others of ours have the first. */
  readonly #fences = new Map<string, number>()
  /** What could not be given back yet. */
  #unreleased: readonly HeldTask[] = []
  /** Claims, by their numbers. */
  readonly #doubts: Doubts<number>
  #steps = 0
  #claims = 0

  constructor(private readonly ports: HoldingsPorts) {
    this.#doubts = new Doubts(ports.clock)
  }

  /** For a write of a task of ours; null: nothing is ours now. */
  holdOf(id: string): Hold | null {
    const { session } = this.ports.lease
    return session === null ? null : { session, fence: this.#fenceOf(id), step: ++this.#steps }
  }

  #fenceOf(id: string): number {
    return this.#fences.get(id) ?? FIRST_FENCE
  }

  /** It is not ours any more. */
  forget(id: string): void {
    this.#fences.delete(id)
  }

  forgetAll(): void {
    this.#fences.clear()
  }

  /**
   * Claims by `ask`; rejects as that does. What comes after the session was lost is not ours:
   * whoever ends the session gives it back.
   */
  async claim(
    ask: (session: string, number: number) => Promise<FencedClaim[]>,
  ): Promise<FencedClaim[]> {
    const { lease } = this.ports
    const { session } = lease
    if (session === null) return []
    const number = ++this.#claims
    try {
      const claims = await ask(session, number)
      lease.check()
      if (lease.session !== session) return []
      for (const { task, fence } of claims) this.#fences.set(task.id, fence)
      return claims
    } catch (error) {
      this.#doubts.add(session, [number])
      throw error
    }
  }

  /** Gives tasks back. What fails is tried again by `settle`. */
  async release(ids: readonly string[]): Promise<void> {
    const { session } = this.ports.lease
    if (session === null || ids.length === 0) return
    const step = ++this.#steps
    const held = ids.map((id) => ({ id, session, fence: this.#fenceOf(id), step }))
    for (const id of ids) this.forget(id)
    this.#unreleased = [...this.#unreleased, ...held]
    await this.#releaseAll()
  }

  /** Gives back what could not be given back, and what failed claims may have got. */
  async settle(): Promise<void> {
    await this.#releaseAll()
    await this.#doubts.clear((session, numbers) => this.ports.database.unclaim(session, numbers))
  }

  async #releaseAll(): Promise<void> {
    const held = this.#unreleased
    if (held.length === 0) return
    await this.ports.database.release(held)
    this.#unreleased = this.#unreleased.filter((each) => !held.includes(each))
    this.ports.database.notify('work')
  }
}
