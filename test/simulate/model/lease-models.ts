/** Sessions and owners, as the tables had them and as each process was told. */
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import type { OwnerModel } from './task-model.ts'

/** A longer part of a lease without a renewal breaks the contact: others may not renew either. */
const MAX_SILENCE = 2 / 3

/** The part of a lease after which a node may no longer count on it. */
const MARGIN = 0.12

export interface SessionModel {
  readonly id: string
  readonly process: SimProcess
  /** When its lease was begun last, in the database, simulated ms. */
  leaseFrom: number
  /** Infinity: it is alive. */
  diedAt: number
}

/** What a process knows of its lease. */
interface KnownLease {
  /** When what began the lease last was asked for, simulated ms. */
  readonly askedAt: number
  /** Since when there has been no break in its contact with the database, simulated ms. */
  readonly contactSince: number
}

export class LeaseModels {
  readonly sessions = new Map<string, SessionModel>()
  /** The session of each process that has joined last and is alive. */
  readonly #alive = new Map<SimProcess, string>()
  readonly #known = new Map<SimProcess, KnownLease>()

  constructor(
    private readonly world: World,
    readonly leaseMs: number,
  ) {}

  joined(id: string, process: SimProcess): void {
    this.#alive.set(process, id)
    this.sessions.set(id, { id, process, leaseFrom: this.world.now, diedAt: Infinity })
  }

  died(id: string): void {
    const session = this.sessions.get(id)!
    session.diedAt = this.world.now
    if (this.#alive.get(session.process) === id) this.#alive.delete(session.process)
  }

  isAlive(id: string): boolean {
    return this.sessions.get(id)?.diedAt === Infinity
  }

  /** Dead, or its lease has run out: others may own by now what it owned. */
  isLost({ session }: OwnerModel): boolean {
    const { diedAt, leaseFrom } = this.sessions.get(session)!
    return diedAt < Infinity || leaseFrom + this.leaseMs < this.world.now
  }

  /** It was told, of a lease that it has asked for at `askedAt`, that it has it; or that it has not. */
  heard(process: SimProcess, askedAt: number, isGiven: boolean): void {
    if (!isGiven) return
    const before = this.#known.get(process)
    const isBroken = !before || askedAt - before.askedAt > MAX_SILENCE * this.leaseMs
    const contactSince = isBroken ? this.world.now : before.contactSince
    this.#known.set(process, { askedAt, contactSince })
  }

  /** Whether it has a session, and knows of it. */
  hasSession(process: SimProcess): boolean {
    return (
      this.#alive.get(process) !== undefined && this.overdueMs(process) < -MARGIN * this.leaseMs
    )
  }

  /** Whether the process has lost what it has owned so, or must take it for lost. */
  hasLost(process: SimProcess, owner: OwnerModel | null): boolean {
    if (owner === null || owner.process !== process.number) return true
    return this.isLost(owner) || this.overdueMs(process) > -MARGIN * this.leaseMs
  }

  /** How long it has been without the lease that it knows of, ms; negative: it has it. */
  overdueMs(process: SimProcess): number {
    const askedAt = this.#known.get(process)?.askedAt ?? -Infinity
    return this.world.now - (askedAt + this.leaseMs)
  }

  contactMs(process: SimProcess): number {
    return this.world.now - (this.#known.get(process)?.contactSince ?? Infinity)
  }
}
