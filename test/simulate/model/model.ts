/** What is known of one node apart from the service; `checkers/` says what must hold. */
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import { CallModels } from './call-models.ts'
import { GateModels } from './gate-model.ts'
import { RequestModels } from './request-models.ts'
import { SlotModel } from './slot-model.ts'
import { TaskModels } from './task-models.ts'

export class Model {
  /** Those of all nodes. */
  readonly tasks: TaskModels
  readonly requests = new RequestModels()
  readonly slots: SlotModel
  readonly calls: CallModels
  readonly gates: GateModels

  constructor(world: World, droplets: readonly { name: string }[], others?: Model) {
    this.tasks = others?.tasks ?? new TaskModels(world)
    const names = droplets.map(({ name }) => name.toLowerCase())
    this.slots = new SlotModel(world, this.tasks, names)
    this.calls = new CallModels(world, others?.calls)
    this.gates = new GateModels(world)
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
