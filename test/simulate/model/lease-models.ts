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
  readonly session: string
  /** When what began the lease last was asked for, simulated ms. */
  readonly askedAt: number
  /** Since when there has been no break in its contact with the database, simulated ms. */
  readonly contactSince: number
}

export class LeaseModels {
  readonly sessions = new Map<string, SessionModel>()
  /** Those that have said so, and have not joined since. */
  readonly #saidLost = new Set<SimProcess>()
  readonly #known = new Map<SimProcess, KnownLease>()

  constructor(
    private readonly world: World,
    readonly leaseMs: number,
  ) {}

  joined(id: string, process: SimProcess): void {
    this.sessions.set(id, { id, process, leaseFrom: this.world.now, diedAt: Infinity })
  }

  died(id: string): void {
    this.sessions.get(id)!.diedAt = this.world.now
  }

  isAlive(id: string): boolean {
    return this.sessions.get(id)?.diedAt === Infinity
  }

  /** Dead, or its lease has run out: others may own by now what it owned. */
  isLost({ session }: OwnerModel): boolean {
    const { diedAt, leaseFrom } = this.sessions.get(session)!
    return diedAt < Infinity || leaseFrom + this.leaseMs < this.world.now
  }

  /** It is more careful than it must be: not every renewal counts for it. */
  saysLost(process: SimProcess): void {
    this.#saidLost.add(process)
  }

  /** It was told that it has joined, as it had asked for at `askedAt`. */
  heardOfSession(process: SimProcess, askedAt: number, session: string): void {
    this.#known.set(process, { session, askedAt, contactSince: this.world.now })
    this.#saidLost.delete(process)
  }

  /** It was told that its lease is renewed, as it had asked for at `askedAt`. */
  heardOfRenewal(process: SimProcess, askedAt: number): void {
    const before = this.#known.get(process)
    // The answer to a question that was given up may come after the next one's.
    if (!before || askedAt < before.askedAt) return
    const isBroken = askedAt - before.askedAt > MAX_SILENCE * this.leaseMs
    const contactSince = isBroken ? this.world.now : before.contactSince
    this.#known.set(process, { ...before, askedAt, contactSince })
  }

  /** The one that it knows of; null: none yet. */
  sessionOf(process: SimProcess): string | null {
    return this.#known.get(process)?.session ?? null
  }

  /** Whether it has a session, and knows of it. */
  hasSession(process: SimProcess): boolean {
    const known = this.#known.get(process)
    if (!known || !this.isAlive(known.session) || this.#saidLost.has(process)) return false
    return this.overdueMs(process) < -MARGIN * this.leaseMs
  }

  /** Whether the process has lost what it has owned so, or must take it for lost. */
  hasLost(process: SimProcess, owner: OwnerModel | null): boolean {
    if (owner === null || owner.process !== process.number) return true
    if (this.#saidLost.has(process)) return true
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
