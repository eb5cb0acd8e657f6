/** Sessions and owners, as the tables had them and as each process was told. */
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import type { OwnerModel } from './task-model.ts'

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
  /** Since when each renewal has been answered, simulated ms. */
  readonly contactSince: number
}

export class LeaseModels {
  readonly sessions = new Map<string, SessionModel>()
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

  /** It was told, of a lease that it has asked for at `askedAt`, that it has it; or that it has not. */
  heard(process: SimProcess, askedAt: number, isGiven: boolean): void {
    const before = this.#known.get(process)
    if (!isGiven) {
      if (before) this.#known.set(process, { ...before, contactSince: Infinity })
      return
    }
    const since = before && before.contactSince < Infinity ? before.contactSince : this.world.now
    this.#known.set(process, { askedAt, contactSince: since })
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
