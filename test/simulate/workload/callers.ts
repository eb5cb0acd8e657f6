/** Calls the service as callers do, and tells the observer of the answers. */
import type { Checkers } from '../check/checkers.ts'
import type { Call } from '../model/call-models.ts'
import type { Model } from '../model/model.ts'
import { hasEnded } from '../model/task-model.ts'
import type { Observer } from '../observer.ts'
import type { SubmissionAnswer } from '../service/answers.ts'
import type { Reply } from '../service/service-client.ts'
import type { RunningService, Supervisor } from '../service/supervisor.ts'
import type { World } from '../world/world.ts'
import type { Submission } from './submissions.ts'

export interface CallerSurroundings {
  supervisor: Supervisor
  model: Model
  observer: Observer
  checkers: Checkers
}

/** How long the service may ask the Registry for an unknown droplet: two syncs, 1 s between. */
export const MAX_LOOKUP_MS = 11_000

export class Callers {
  #calls = 0

  constructor(
    private readonly world: World,
    private readonly surroundings: CallerSurroundings,
  ) {}

  submit(submission: Submission, onConnectionLost: () => void): void {
    const { body, mode, waitMs, key } = submission
    const json = JSON.stringify(body)
    const running = this.#serving()
    if (!running) return
    const call = this.#start(running, 'submit', {
      text: `submit ${mode} ${key} wait ${waitMs} ${json}`,
      maxWaitMs: mode === 'sync' ? Infinity : waitMs + MAX_LOOKUP_MS,
      key,
      // The values of secret headers do not tell two requests apart.
      body: JSON.stringify({ ...body, headers: Object.keys(body.headers ?? {}) }),
      onConnectionLost,
    })
    const { requestId } = call
    const options = { requestId, mode, waitMs, idempotencyKey: key }
    this.#submitted(call, running.service.client.submit(body, options))
  }

  cancel(about: string): void {
    const running = this.#serving()
    if (!running) return
    const task = this.surroundings.model.tasks.find(about)
    if (task && !hasEnded(task)) task.cancelRequested = true
    const call = this.#start(running, 'cancel', { about })
    this.#end(call, running.service.client.cancel(call.requestId, about), (answer) =>
      this.#emit('cancelAnswered', { taskId: about, call, task: answer }),
    )
  }

  find(about: string, waitMs: number): void {
    const running = this.#serving()
    if (!running) return
    const call = this.#start(running, 'find', { about, maxWaitMs: waitMs })
    this.#end(call, running.service.client.find(call.requestId, about, waitMs), (answer) =>
      this.#emit('findAnswered', { taskId: about, call, task: answer }),
    )
  }

  list(): void {
    const running = this.#serving()
    if (!running) return
    const call = this.#start(running, 'list', {})
    this.#end(call, running.service.client.list(call.requestId, 'running', 10), (tasks) =>
      this.#emit('listAnswered', { call, status: 'running', tasks }),
    )
  }

  replay(about: string, mode: 'sync' | 'async'): void {
    const running = this.#serving()
    if (!running) return
    const text = `replay ${about} ${mode}`
    const needsToken = this.surroundings.model.tasks.find(about)?.secretHeaders != null
    const body = needsToken ? JSON.stringify({ headers: { authorization: `for ${text}` } }) : null
    const call = this.#start(running, 'replay', { about, maxWaitMs: Infinity, text, body })
    const options = { requestId: call.requestId, mode, waitMs: 0, idempotencyKey: null }
    this.#submitted(call, running.service.client.replay(about, body, options))
  }

  #submitted(call: Call, reply: Promise<Reply<SubmissionAnswer>>): void {
    this.#end(call, reply, (answer) => {
      const { id, status } = answer.task
      this.world.log(`${call.requestId}: answered ${status}`, id)
      this.#emit('submitAnswered', { taskId: id, call, ...answer })
    })
  }

  #serving(): RunningService | null {
    return this.surroundings.supervisor.serving
  }

  #start({ process }: RunningService, kind: Call['kind'], fields: Partial<Call>): Call {
    const call: Call = {
      kind,
      requestId: `r${++this.#calls}`,
      text: kind,
      process,
      startedAt: this.world.now,
      about: null,
      created: null,
      maxWaitMs: 0,
      key: null,
      body: null,
      ...fields,
    }
    this.surroundings.observer.callStarted(call)
    return call
  }

  #end<T>(call: Call, reply: Promise<Reply<T>>, check: (answer: T) => void): void {
    void reply.then((settled) => this.surroundings.observer.callEnded(call, settled, check))
  }

  readonly #emit: Checkers['emit'] = (event, data) => this.surroundings.checkers.emit(event, data)
}
