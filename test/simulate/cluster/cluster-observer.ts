/**
 * Hears what the database, the mesh and the nodes' connections see, brings the models up to date,
 * and tells the checkers: those of the node that it is about, and those of all.
 */
import type { FetchInit } from '../../../src/ports.ts'
import type { RefusedWrite, Write } from '../../../src/store/driver.ts'
import type { FencedClaim, Hold, SharedWrite } from '../../../src/store/shared/database.ts'
import { INTERRUPTED, type Task } from '../../../src/task.ts'
import type { Checkers } from '../check/checkers.ts'
import type { ConnectionObserver, Heard } from '../database/node-connection.ts'
import type { ServerObserver } from '../database/database-server.ts'
import type { MeshObserver } from '../environment/sim-mesh.ts'
import type { LeaseModels } from '../model/lease-models.ts'
import type { RequestResult, SentRequest } from '../model/sent-request.ts'
import { hasEnded, type OwnerModel } from '../model/task-model.ts'
import type { TaskModels } from '../model/task-models.ts'
import type { Observer } from '../observer.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'

/** How long an answer may be on its way to the caller, ms. */
const MAX_ANSWER_MS = 10 * 60_000

export interface ClusterParts {
  readonly tasks: TaskModels
  readonly leases: LeaseModels
  /** Of all nodes. */
  readonly checkers: Pick<Checkers, 'emit'>
  observerOf(process: SimProcess): Observer
}

export class ClusterObserver implements ServerObserver, ConnectionObserver, MeshObserver {
  asker: SimProcess | null = null

  constructor(
    private readonly world: World,
    private readonly parts: ClusterParts,
  ) {}

  // What the database sees.

  joined(session: string): void {
    const process = this.asker!
    this.world.log(`${process.node}: process ${process.number} joins as ${session}`)
    this.world.count('sessions')
    this.parts.leases.joined(session, process)
  }

  renewed(session: string, isAlive: boolean): void {
    const { leases } = this.parts
    if (isAlive) leases.sessions.get(session)!.leaseFrom = this.world.now
  }

  died(session: string, how: 'left' | 'run out'): void {
    const { leases, checkers } = this.parts
    this.world.log(`${session} is dead: ${how}`)
    this.world.count(`sessions: ${how}`)
    checkers.emit('sessionDies', { session, how, process: this.asker! })
    leases.died(session)
  }

  owned(taskId: string, session: string | null, fence: number, dueAt: number): void {
    const { tasks, leases, checkers } = this.parts
    const { world } = this
    const task = tasks.find(taskId)
    checkers.emit('ownerChanges', { taskId, session, fence })
    world.log(session === null ? 'nobody owns it' : `${session} owns it, fence ${fence}`, taskId)
    if (!task) return
    if (session === null) {
      const ownerlessSince = Math.max(world.now, dueAt)
      return void Object.assign(task, { owner: null, ownerlessSince })
    }
    const process = leases.sessions.get(session)!.process.number
    const owner: OwnerModel = { session, fence, process }
    Object.assign(task, { owner, owners: task.owners + 1, dueAt: null, ownedSince: world.now })
  }

  claimed({ task, waitMs }: FencedClaim): void {
    this.world.count('claims')
    this.parts.tasks.claimed(task.id, waitMs)
  }

  written(write: SharedWrite): void {
    const { kind, task, hold, waitMs } = write
    const { tasks, checkers } = this.parts
    const taskId = task.id
    // What comes of a dead session is nobody's at once.
    const isHeld = hold !== null && this.parts.leases.isAlive(hold.session)
    const isForAnyone = kind !== 'update' && !isHeld
    if (isForAnyone) this.world.count('tasks for anyone')
    checkers.emit('heldWrite', { taskId, kind, hold })
    if (kind !== 'update')
      Object.assign(tasks.find(taskId)!, { owners: 0, acceptedBy: this.#by(hold) })
    this.parts.observerOf(this.asker!).committed(this.asker!, [writeOf(write)])
    const model = tasks.find(taskId)
    if (!model) return
    if (isForAnyone) model.ownerlessSince = this.world.now + waitMs
    if (hasEnded(model)) {
      Object.assign(model, { owner: null, endedAt: this.world.now, dueAt: null })
    }
  }

  #by(hold: Hold | null): OwnerModel | null {
    if (hold === null) return null
    const { session, fence } = hold
    return { session, fence, process: this.parts.leases.sessions.get(session)!.process.number }
  }

  refused(write: SharedWrite, reason: RefusedWrite['reason']): void {
    const { kind, task, hold } = write
    this.parts.checkers.emit('heldWriteRefused', { taskId: task.id, kind, hold, reason })
    this.world.count(`writes refused: ${typeof reason === 'string' ? reason : reason.error}`)
    this.parts.observerOf(this.asker!).refused(writeOf(write), reason)
  }

  undone(task: Task, what: 'inserted' | 'resumed', now: number): void {
    const { world, parts } = this
    world.log(`undone: it was ${what}`, task.id)
    world.count('writes undone')
    parts.checkers.emit('undone', { taskId: task.id })
    const model = parts.tasks.find(task.id)
    if (!model) return
    if (what === 'inserted') return parts.tasks.undo(model)
    const interrupted = {
      ...task,
      status: 'error',
      errorMessage: INTERRUPTED,
      dueAt: null,
    } as const
    parts.tasks.commit(['update', { ...interrupted, completedAt: now }])
    Object.assign(model, { owner: null, endedAt: world.now, dueAt: null })
  }

  forgotten(taskId: string): void {
    const { tasks } = this.parts
    // An answer that tells of it may be on its way.
    this.world.after(MAX_ANSWER_MS, () => {
      const task = tasks.find(taskId)
      if (task && hasEnded(task)) tasks.forget(task)
    })
  }

  // What a connection sees.

  commitRequested(process: SimProcess, writes: readonly SharedWrite[]): void {
    if (process.alive) this.parts.observerOf(process).commitRequested(writes.map(writeOf))
  }

  acknowledged(
    process: SimProcess,
    writes: readonly SharedWrite[],
    refused: readonly RefusedWrite[],
  ): void {
    const isRefused = new Set(refused.map(({ index }) => index))
    const written = writes.filter((_, index) => !isRefused.has(index))
    this.parts.observerOf(process).acknowledged(process, written.map(writeOf))
  }

  asked(process: SimProcess, verb: string): void {
    if (verb === 'declareDead') this.parts.checkers.emit('deadAskedFor', { process })
  }

  heard(process: SimProcess, { verb, askedAt, value }: Heard): void {
    if (verb === 'claim' || verb === 'take') {
      for (const { task, waitMs } of claimsIn(value)) {
        this.parts.tasks.heardOfClaim(task.id, process.number, waitMs)
      }
    }
    const { leases } = this.parts
    if (verb === 'join' && value !== null) leases.heardOfSession(process, askedAt, String(value))
    if (verb === 'renew' && value === true) leases.heardOfRenewal(process, askedAt)
  }

  // What the mesh sees.

  requestArrived(process: SimProcess, url: string, init: FetchInit): SentRequest | null {
    return this.parts.observerOf(process).requestArrived(process, url, init)
  }

  requestEnded(process: SimProcess, request: SentRequest, result: RequestResult): void {
    this.parts.observerOf(process).requestEnded(process, request, result)
  }

  probeEnded(process: SimProcess, droplet: string, result: RequestResult): void {
    this.parts.observerOf(process).probeEnded(process, droplet, result)
  }
}

function writeOf({ kind, task }: SharedWrite): Write {
  return [kind, task]
}

/** In an answer to `claim` or `take`. */
function claimsIn(value: unknown): readonly FencedClaim[] {
  return [(value ?? []) as FencedClaim | readonly FencedClaim[]].flat()
}
