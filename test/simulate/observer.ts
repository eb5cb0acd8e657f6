/**
 * Hears what the disk, the mesh and the callers see of the service, brings the model up to date,
 * and tells the checkers.
 */
import type { FetchInit } from '../../src/ports.ts'
import type { RefusedWrite, Write } from '../../src/store/driver.ts'
import type { Checkers } from './check/checkers.ts'
import type { DiskObserver } from './environment/sim-disk.ts'
import type { MeshObserver } from './environment/sim-mesh.ts'
import type { GateWatch } from './gate-watch.ts'
import { subjectOf, type Call } from './model/call-models.ts'
import type { Model } from './model/model.ts'
import type { RequestResult, SentRequest } from './model/sent-request.ts'
import { statusOf } from './model/task-model.ts'
import { isOpen } from './model/row.ts'
import type { Reply } from './service/service-client.ts'
import type { SimProcess } from './service/sim-process.ts'
import type { World } from './world/world.ts'

export class Observer implements DiskObserver, MeshObserver {
  /** Idempotency-Keys that the gate's refusals must have left free. */
  readonly #freed = new Set<string | null>()

  constructor(
    private readonly world: World,
    private readonly model: Model,
    private readonly checkers: Checkers,
    private readonly gateWatch: GateWatch,
  ) {}

  idIssued(id: string, process: SimProcess): void {
    this.checkers.emit('idIssued', { taskId: id })
    this.model.tasks.issue(id, process)
  }

  commitRequested(writes: readonly Write[]): void {
    this.model.slots.commitRequested(writes)
  }

  committed(process: SimProcess, writes: readonly Write[]): void {
    for (const write of writes) this.#write(process, write)
  }

  acknowledged(process: SimProcess, writes: readonly Write[]): void {
    for (const write of writes) {
      const status = this.model.tasks.acknowledge(write, process.number)
      if (status) this.model.requests.endedCounts[status]++
      const [, { id, attempts }] = write
      const last = attempts.at(-1)
      const request = this.model.tasks.find(id)?.requests.findLast((each) => {
        return each.attempt === last?.attempt && each.process === process.number
      })
      // What another session has cut off, it only ends.
      const isCutOff = request?.wasLost && last?.interrupted
      if (request && !isOpen(last) && !isCutOff) this.model.requests.recorded(request)
    }
    this.model.slots.acknowledged(writes)
  }

  refused([kind, { id: taskId }]: Write, reason: RefusedWrite['reason']): void {
    this.world.log(`disk: ${kind} is refused: ${JSON.stringify(reason)}`, taskId)
    this.checkers.emit('writeRefused', { taskId, kind, reason })
  }

  recovering(): void {
    this.model.tasks.recover()
  }

  unexpectedError(text: string, taskId: string | null = null): void {
    this.checkers.emit('unexpectedError', { text, taskId })
  }

  requestArrived(process: SimProcess, url: string, init: FetchInit): SentRequest | null {
    const { world, model, checkers } = this
    const taskId = init.headers['x-task-id']!
    const attempt = Number(init.headers['x-attempt'])
    world.log(`sends attempt ${attempt} to ${url}`, taskId)
    world.count('requests')
    checkers.emit('sending', { taskId, attempt })
    const task = model.tasks.find(taskId)
    if (!task?.row) return null
    const previous = task.requests.at(-1)
    const request = model.requests.send(task, attempt, process.number, world.now)
    this.gateWatch.sent(request, url, process)
    checkers.emit('sent', { taskId, request, previous, url, init, process })
    return request
  }

  requestEnded(process: SimProcess, request: SentRequest, result: RequestResult): void {
    const { world, model, checkers } = this
    const taskId = request.task.id
    const label = result.kind === 'answered' ? `answered ${result.status}` : result.kind
    world.log(`attempt ${request.attempt}: ${label}`, taskId)
    world.count(`requests ${label}`)
    const wasLost = model.leases?.hasLost(process, request.owner) ?? false
    const endedInPause = process.inbox !== null
    model.requests.end(request, result, world.now, { wasLost, endedInPause })
    checkers.emit('requestEnded', { taskId, request, process })
  }

  probeEnded(process: SimProcess, droplet: string, result: RequestResult): void {
    if (process.alive) this.gateWatch.probeEnded(droplet, result)
  }

  callStarted(call: Call): void {
    this.world.log(`${call.requestId}: ${call.text}`, call.about ?? undefined)
    this.world.count(`calls to ${call.kind}`)
    this.model.calls.start(call)
  }

  /** `check` tells the checkers of the answer. */
  callEnded<T>(call: Call, reply: Reply<T>, check: (answer: T) => void): void {
    // Who called a process that is gone has lost its connection.
    if (!call.process.alive) return
    if (reply.kind !== 'answered') this.#refused(call, reply)
    this.model.calls.end(call)
    if (reply.kind === 'answered') check(reply.answer)
  }

  #refused(call: Call, reply: Exclude<Reply<unknown>, { kind: 'answered' }>): void {
    const taskId = subjectOf(call)
    if (reply.kind === 'failed') {
      return this.checkers.emit('failed', { taskId, call, error: reply.error })
    }
    const { code, details } = reply
    this.world.log(`${call.requestId}: refused with ${code}`, taskId ?? undefined)
    this.world.count(`refused ${code}`)
    if (call.key !== null && 'droplet_name' in details) this.#freed.add(call.key)
    this.checkers.emit('refused', { taskId, call, code, details })
    const task = this.model.tasks.find(call.created)
    if (task && code === 'STORE_UNAVAILABLE' && !('task_id' in details)) {
      Object.assign(task, { refusedBy: call.process.number, refusedAt: this.world.now })
    }
  }

  #write(process: SimProcess, write: Write): void {
    const { world, model, checkers } = this
    const [kind, { id: taskId }] = write
    checkers.emit('writing', { taskId, kind })
    const transition = model.tasks.commit(write)
    if (!transition) return
    const { task, after, submitted } = transition
    const requestId = after.request_id as string
    const call = submitted ? model.calls.created(requestId, taskId) : undefined
    if (call) world.log(`${requestId}: ${call.text}`, taskId)
    if (call && this.#freed.delete(call.key)) world.count('keys used again after a refusal')
    // Its caller has its answer, so it was told that nothing was started.
    if (submitted) task.refusedBy = call ? null : process.number
    const step = `${kind} ${after.status}, ${task.attempts.length} attempts`
    world.log(`disk: ${step}, due ${after.due_at}, ${after.error_message}`, taskId)
    if (after.completed_at !== null) world.count(`ended as ${statusOf(task)}`)
    checkers.emit('written', { ...transition, taskId, process })
  }
}
