/** Hears what passes the gate, brings the model up to date, and tells the checkers. */
import type { Entrant, Permit, Refusal } from '../../src/droplets/gate.ts'
import type { AttemptResult } from '../../src/events.ts'
import type { Checkers } from './check/checkers.ts'
import { TIMER_MS, verdictOf } from './model/circuit-model.ts'
import type { GateEntry, HeldPermit } from './model/gate-model.ts'
import type { Model } from './model/model.ts'
import type { RequestResult, SentRequest } from './model/sent-request.ts'
import { dropletOf, type TaskModel } from './model/task-model.ts'
import type { GateObserver } from './service/observed-gate.ts'
import type { SimProcess } from './service/sim-process.ts'
import type { World } from './world/world.ts'

export class GateWatch implements GateObserver {
  constructor(
    private readonly world: World,
    private readonly model: Model,
    private readonly checkers: Checkers,
  ) {}

  seatAsked(process: SimProcess, isGiven: boolean): void {
    if (!process.alive) return
    if (isGiven) this.#takeSeat(1)
    else this.world.count('the gate: too many run')
    this.checkers.emit('seatAsked', { process, isGiven })
  }

  seatLeft(process: SimProcess): void {
    if (process.alive) this.#takeSeat(-1)
  }

  entered(process: SimProcess, entrant: Entrant, taskId: string | null): GateEntry {
    const { droplet, isNew, timeoutMs, leftMs } = entrant
    const task = this.#taskOf(process, taskId)
    if (task && isNew && process.alive) task.passedOver = 0
    return {
      droplet: droplet.toLowerCase(),
      taskId,
      isNew,
      timeoutMs,
      maxWaitMs: Math.min(timeoutMs, leftMs),
      at: this.world.now,
      answer: null,
      answeredAt: Infinity,
    }
  }

  waits(process: SimProcess, entry: GateEntry): void {
    if (!process.alive) return
    const { gates } = this.model
    this.world.count('waits at the gate')
    this.world.log(`waits at the gate to ${entry.droplet}`, entry.taskId ?? undefined)
    const task = this.#taskOf(process, entry.taskId)
    if (task) task.atGate = true
    gates.noteShut(entry.droplet)
    gates.of(entry.droplet).waiting.add(entry)
    this.checkers.emit('gateEntered', { taskId: entry.taskId, entry, process })
  }

  answered(process: SimProcess, entry: GateEntry, answer: Permit | Refusal): HeldPermit | null {
    if (!process.alive) return null
    const { world, model, checkers } = this
    const gate = model.gates.of(entry.droplet)
    model.gates.noteShut(entry.droplet)
    gate.waiting.delete(entry)
    entry.answer = answer.admitted ? 'admitted' : answer
    entry.answeredAt = world.now
    if (entry.taskId === null) this.#takeSeat(1)
    let permit: HeldPermit | null = null
    if (answer.admitted) {
      permit = { entry, isProbe: gate.circuit.isOpen }
      gate.held.add(permit)
    }
    this.#noteTask(process, entry)
    checkers.emit('gateAnswered', { taskId: entry.taskId, entry, process })
    if (permit?.isProbe) this.#probeGoes(entry.droplet, process)
    return permit
  }

  releasing(process: SimProcess, permit: HeldPermit, result: AttemptResult | null): void {
    if (!process.alive) return
    const { world, model, checkers } = this
    const { droplet, taskId, timeoutMs } = permit.entry
    const gate = model.gates.of(droplet)
    model.gates.noteShut(droplet)
    if (taskId === null) this.#takeSeat(-1)
    gate.held.delete(permit)
    const verdict = verdictOf(result, timeoutMs, process.limits)
    const byAnswer = result !== null && result.status !== null
    const from = permit.entry.answeredAt
    if (verdict) gate.circuit.found({ at: world.now, from, verdict, byAnswer })
    checkers.emit('permitReleased', { taskId, permit, result, process })
  }

  released(process: SimProcess, permit: HeldPermit): void {
    const { taskId } = permit.entry
    if (process.alive) this.checkers.emit('permitIsBack', { taskId, permit, process })
  }

  /** Without an answer for so long, its droplet counts as away, and only once. */
  sent(request: SentRequest, url: string, process: SimProcess): void {
    const { patienceMs } = process.limits
    const droplet = dropletOf(request.task)
    this.model.gates.of(droplet).sentTo = url
    if ((request.task.row!.timeout_ms as number) <= patienceMs) return
    this.world.after(patienceMs - TIMER_MS, () => {
      if (request.result !== null || !process.alive) return
      const at = this.world.now
      this.model.gates
        .of(droplet)
        .circuit.found({ at, from: request.sentAt, verdict: 'unclear', byAnswer: false })
    })
  }

  probeEnded(name: string, result: RequestResult): void {
    // A 500 is an answer of the droplet's own.
    if (result.kind !== 'answered' || (result.status >= 502 && result.status <= 504)) return
    this.model.gates.of(name).circuit.lastSignAt = this.world.now
  }

  circuitOpened(process: SimProcess, name: string): void {
    const droplet = name.toLowerCase()
    this.world.log(`the circuit to ${droplet} opens`)
    this.world.count('circuits opened')
    this.checkers.emit('circuitOpens', { droplet, process })
    this.model.gates.of(droplet).circuit.opened(this.world.now)
  }

  circuitClosed(process: SimProcess, name: string): void {
    const droplet = name.toLowerCase()
    this.world.log(`the circuit to ${droplet} closes`)
    this.world.count('circuits closed')
    this.checkers.emit('circuitCloses', { droplet, process })
    this.model.gates.noteShut(droplet)
    this.model.gates.of(droplet).circuit.closed(this.world.now)
  }

  #probeGoes(droplet: string, process: SimProcess): void {
    this.world.count('attempts as probes')
    this.checkers.emit('probeGoes', { droplet, process })
    this.model.gates.of(droplet).circuit.lastProbeAt = this.world.now
  }

  #takeSeat(by: 1 | -1): void {
    const { gates } = this.model
    for (const [droplet] of gates.all) gates.noteShut(droplet)
    gates.seats += by
  }

  /** Undefined for one that another process runs by now. */
  #taskOf({ number }: SimProcess, taskId: string | null): TaskModel | undefined {
    const task = this.model.tasks.find(taskId)
    return task?.owner && task.owner.process !== number ? undefined : task
  }

  #noteTask(process: SimProcess, { taskId, answer, at }: GateEntry): void {
    const { world } = this
    const task = this.#taskOf(process, taskId)
    if (!task) return
    Object.assign(task, { atGate: false, leftGateAt: world.now, gateWaitMs: world.now - at })
    if (answer === null || answer === 'admitted') return
    world.log(`the gate: ${answer.kind}, ${answer.reason}`, task.id)
    world.count(`the gate: ${answer.kind}`)
    if (answer.kind === 'passed over') task.passedOver++
  }
}
