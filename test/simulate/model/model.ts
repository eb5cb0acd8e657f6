/** What is known of one node apart from the service; `checkers/` says what must hold. */
import type { SimProcess } from '../service/sim-process.ts'
import type { LeaseModels } from './lease-models.ts'
import type { TaskModel } from './task-model.ts'
import type { World } from '../world/world.ts'
import { CallModels } from './call-models.ts'
import { GateModels } from './gate-model.ts'
import { RequestModels } from './request-models.ts'
import { SlotModel } from './slot-model.ts'
import { TaskModels } from './task-models.ts'

export class Model {
  /** Those of all nodes. */
  readonly tasks: TaskModels
  readonly requests: RequestModels
  readonly slots: SlotModel
  readonly calls: CallModels
  readonly gates: GateModels

  constructor(
    world: World,
    droplets: readonly { name: string }[],
    others: Model | null = null,
    /** null: the store is not shared. */
    readonly leases: LeaseModels | null = null,
  ) {
    this.tasks = others?.tasks ?? new TaskModels(world, leases !== null)
    const names = droplets.map(({ name }) => name.toLowerCase())
    this.slots = new SlotModel(world, this.tasks, names)
    this.requests = new RequestModels(leases === null)
    this.calls = new CallModels(world, others?.calls ?? null)
    this.gates = new GateModels(world)
  }

  /** The unfinished tasks that the process knows to be its own; of a store that is not shared, all. */
  unfinishedOf(process: SimProcess): readonly TaskModel[] {
    const all = [...this.tasks.unfinished]
    const { leases } = this
    if (!leases) return all
    const session = leases.sessionOf(process)
    return all.filter(({ owner, knownTo }) => {
      return owner?.session === session && knownTo === process.number
    })
  }

  startProcess(process: SimProcess): void {
    this.requests.startProcess()
    this.slots.startProcess(process)
    this.gates.startProcess(process)
  }

  endProcess({ number }: SimProcess): void {
    this.tasks.endProcess(number)
    this.calls.crash()
  }
}
