/** What all nodes of a simulation have in common. */
import type { Checkers } from '../check/checkers.ts'
import type { DatabaseServer } from '../database/database-server.ts'
import type { Notifications } from '../database/notifications.ts'
import type { CrashPoints } from '../faults/crash-points.ts'
import type { LeaseModels } from '../model/lease-models.ts'
import type { Model } from '../model/model.ts'
import type { ClusterObserver } from './cluster-observer.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { SimNode } from './sim-node.ts'

export interface Cluster {
  readonly nodes: readonly SimNode[]
  /** Where the process runs; null: it does not any more. */
  nodeOf(process: { readonly process: number } | SimProcess): SimNode | null
  readonly leases: LeaseModels
  /** Its tasks are those of all nodes. */
  readonly model: Model
  readonly checkers: Checkers
  readonly database: {
    readonly server: DatabaseServer
    readonly notifications: Notifications
    readonly observer: ClusterObserver
    readonly crashPoints: CrashPoints
  }
}
