/** The shared store, as one node has it. */
import type { Clock, Log } from '../../../src/ports.ts'
import type { StoreDriver } from '../../../src/store/driver.ts'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import { openShared } from '../../../src/store/shared/shared-driver.ts'
import {
  NodeConnection,
  sharedDatabase,
  type ConnectionPorts,
} from '../database/node-connection.ts'
import type { LeaseModels } from '../model/lease-models.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { SimStore } from '../service/sim-store.ts'
import type { World } from '../world/world.ts'

/** What a node needs to find out that it can go on: the next try of a write, and a new session. */
const RECOVERY_MS = 5000

export interface NodeStoreParts extends ConnectionPorts {
  readonly leases: LeaseModels
  /** When one of the node's processes was last paused, simulated ms. */
  pausedUntil(): number
  bug(database: SharedDatabase): SharedDatabase
}

export class NodeStore implements SimStore {
  #connection: NodeConnection | null = null
  #process: SimProcess | null = null
  #leaselessUntil = -1

  constructor(
    private readonly world: World,
    private readonly parts: NodeStoreParts,
  ) {}

  /** When something last kept it from the database, simulated ms; its lease aside. */
  get cutOffUntil(): number {
    const { server, link, pausedUntil } = this.parts
    return Math.max(server.disturbedUntil, link.disturbedUntil, pausedUntil())
  }

  get disturbedUntil(): number {
    const process = this.#process
    if (process?.alive && !this.hasLease) this.#leaselessUntil = this.world.now
    return Math.max(this.cutOffUntil, this.#leaselessUntil) + RECOVERY_MS
  }

  get brokenUntil(): number {
    return this.disturbedUntil
  }

  /** As its process knows. */
  get hasLease(): boolean {
    return this.#process !== null && this.parts.leases.hasSession(this.#process)
  }

  get idle(): boolean {
    return this.#connection === null || this.#connection.changesUnderWay === 0
  }

  has(id: string): boolean {
    return this.parts.server.tables.find(id) !== null
  }

  driver(process: SimProcess, ports: { clock: Clock; log: Log }): Promise<StoreDriver> {
    const connection = new NodeConnection(this.parts, process)
    this.#connection = connection
    this.#process = process
    const database = this.parts.bug(sharedDatabase(connection, process))
    const node = { name: process.node, version: 'simulated' }
    const { leaseMs } = this.parts.leases
    return openShared({ ...ports, database, node, leaseMs, maxBacklog: process.maxQueued })
  }
}
