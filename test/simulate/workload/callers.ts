/** Calls the service as callers do, and tells the observer of the answers. */
import type { Checkers } from '../check/checkers.ts'
import type { Call } from '../model/call-models.ts'
import { hasEnded } from '../model/task-model.ts'
import type { TaskModels } from '../model/task-models.ts'
import type { Observer } from '../observer.ts'
import type { SubmissionAnswer } from '../service/answers.ts'
import type { Reply, ServiceClient } from '../service/service-client.ts'
import { whenRunning } from '../service/sim-process.ts'
import type { RunningService } from '../service/supervisor.ts'
import type { World } from '../world/world.ts'
import type { Submission } from './submissions.ts'

/** A node that callers can reach. */
export interface CalledNode {
  readonly running: RunningService
  readonly observer: Observer
  readonly checkers: Pick<Checkers, 'emit'>
}

export interface CallerSurroundings {
  tasks: TaskModels
  /** Where the next call goes; null: callers reach nobody. */
  pick(): CalledNode | null
}

/** How long the service may ask the Registry for an unknown droplet: two syncs, 1 s between. */
export const MAX_LOOKUP_MS = 11_000

type Ask<T> = (client: ServiceClient) => Promise<Reply<T>>

export class Callers {
  #calls = 0

  constructor(
    private readonly world: World,
    private readonly surroundings: CallerSurroundings,
  ) {}

  submit(submission: Submission, onConnectionLost: () => void): void {
    const { body, mode, waitMs, key } = submission
    const json = JSON.stringify(body)
    const node = this.surroundings.pick()
    if (!node) return
    const call = this.#start(node, 'submit', {
      text: `submit ${mode} ${key} wait ${waitMs} ${json}`,
      maxWaitMs: mode === 'sync' ? Infinity : waitMs + MAX_LOOKUP_MS,
      key,
      // The values of secret headers do not tell two requests apart.
      body: JSON.stringify({ ...body, headers: Object.keys(body.headers ?? {}) }),
      onConnectionLost,
    })
    const { requestId } = call
    const options = { requestId, mode, waitMs, idempotencyKey: key }
    this.#submitted(call, node, (client) => client.submit(body, options))
  }

  cancel(about: string): void {
    const node = this.surroundings.pick()
    if (!node) return
    const task = this.surroundings.tasks.find(about)
    if (task && !hasEnded(task)) task.cancelRequested = true
    const call = this.#start(node, 'cancel', { about })
    this.#ask(
      call,
      node,
      (client) => client.cancel(call.requestId, about),
      (answer) => node.checkers.emit('cancelAnswered', { taskId: about, call, task: answer }),
    )
  }

  find(about: string, waitMs: number): void {
    const node = this.surroundings.pick()
    if (!node) return
    const call = this.#start(node, 'find', { about, maxWaitMs: waitMs })
    this.#ask(
      call,
      node,
      (client) => client.find(call.requestId, about, waitMs),
      (answer) => node.checkers.emit('findAnswered', { taskId: about, call, task: answer }),
    )
  }

  list(): void {
    const node = this.surroundings.pick()
    if (!node) return
    const call = this.#start(node, 'list', {})
    this.#ask(
      call,
      node,
      (client) => client.list(call.requestId, 'running', 10),
      (tasks) => node.checkers.emit('listAnswered', { call, status: 'running', tasks }),
    )
  }

  replay(about: string, mode: 'sync' | 'async'): void {
    const node = this.surroundings.pick()
    if (!node) return
    const text = `replay ${about} ${mode}`
    const needsToken = this.surroundings.tasks.find(about)?.secretHeaders != null
    const body = needsToken ? JSON.stringify({ headers: { authorization: `for ${text}` } }) : null
    const call = this.#start(node, 'replay', { about, maxWaitMs: Infinity, text, body })
    const options = { requestId: call.requestId, mode, waitMs: 0, idempotencyKey: null }
    this.#submitted(call, node, (client) => client.replay(about, body, options))
  }

  #submitted(call: Call, node: CalledNode, ask: Ask<SubmissionAnswer>): void {
    this.#ask(call, node, ask, (answer) => {
      const { id, status } = answer.task
      this.world.log(`${call.requestId}: answered ${status}`, id)
      node.checkers.emit('submitAnswered', { taskId: id, call, ...answer })
    })
  }

  #start({ running, observer }: CalledNode, kind: Call['kind'], fields: Partial<Call>): Call {
    const call: Call = {
      kind,
      requestId: `r${++this.#calls}`,
      text: kind,
      process: running.process,
      startedAt: this.world.now,
      about: null,
      created: null,
      maxWaitMs: 0,
      key: null,
      body: null,
      ...fields,
    }
    observer.callStarted(call)
    return call
  }

  #ask<T>(
    call: Call,
    { running, observer }: CalledNode,
    ask: Ask<T>,
    check: (answer: T) => void,
  ): void {
    whenRunning(running.process, () => {
      const reply = ask(running.service.client)
      void reply.then((settled) => observer.callEnded(call, settled, check))
    })
  }
}
