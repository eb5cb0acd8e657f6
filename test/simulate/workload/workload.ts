/** The callers: what they ask for, and what they do when they get no answer. */
import type { Checkers } from '../check/checkers.ts'
import type { SimDroplet } from '../environment/sim-droplet.ts'
import type { Call } from '../model/call-models.ts'
import type { Model } from '../model/model.ts'
import { hasEnded, type TaskModel } from '../model/task-model.ts'
import type { Observer } from '../observer.ts'
import type { Reply, SubmissionAnswer } from '../service/service-client.ts'
import type { RunningService, Supervisor } from '../service/supervisor.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import { Submissions, type Submission } from './submissions.ts'

interface Surroundings {
  supervisor: Supervisor
  model: Model
  observer: Observer
  checkers: Checkers
  droplets: readonly SimDroplet[]
}

/** How long the service may ask the Registry for a droplet that it doesn't know. */
const MAX_LOOKUP_MS = 5000

export class Workload {
  readonly #random: Prng
  readonly #submissions: Submissions
  #calls = 0

  constructor(
    private readonly world: World,
    private readonly surroundings: Surroundings,
  ) {
    this.#random = world.random.fork('workload')
    this.#submissions = new Submissions(this.#random, surroundings.droplets)
  }

  /** One thing that a caller does. */
  act(): void {
    const action = this.#random.weighted({
      submit: 60,
      'submit twins': 8,
      'repeat a key': 10,
      cancel: 14,
      find: 12,
      list: 3,
      replay: 7,
      flood: 4,
    })
    if (action === 'submit') this.#submit(this.#submissions.next())
    else if (action === 'submit twins') this.#submitTwins()
    else if (action === 'repeat a key') this.#repeat()
    else if (action === 'cancel') this.#cancel()
    else if (action === 'find') this.#find()
    else if (action === 'list') this.#list()
    else if (action === 'replay') this.#replay()
    // The droplet must leave slots for the others.
    else for (const each of this.#submissions.flood()) this.#submit(each)
  }

  #submit(submission: Submission): void {
    const running = this.surroundings.supervisor.serving
    if (!running) return
    const { body, mode, waitMs, key } = submission
    const json = JSON.stringify(body)
    const call = this.#start(running, 'submit', {
      text: `submit ${mode} ${key} wait ${waitMs} ${json}`,
      maxWaitMs: mode === 'sync' ? Infinity : waitMs + MAX_LOOKUP_MS,
      key,
      body: json,
      onConnectionLost: () => this.#submitAgain(submission),
    })
    const { requestId } = call
    const caller = { requestId, mode, waitMs, idempotencyKey: key }
    this.#submitted(call, running.service.client.submit(body, caller))
  }

  /** After a lost connection, only a key makes it safe to submit again. */
  #submitAgain(submission: Submission): void {
    if (submission.key === null || this.#random.chance(0.2)) return
    this.world.after(this.#random.between(0, 90_000), () => this.#submit(submission))
  }

  #submitTwins(): void {
    const random = this.#random
    const twin = this.#submissions.nextWithKey()
    for (let copies = random.integer(2, 3); copies > 0; copies--) {
      this.world.after(random.chance(0.5) ? 0 : random.between(0, 20), () => this.#submit(twin))
    }
  }

  #repeat(): void {
    const submission = this.#submissions.repeated()
    if (submission) this.#submit(submission)
  }

  #cancel(): void {
    const running = this.surroundings.supervisor.serving
    const about = this.#someTask(0.85)
    if (!running || about === null) return
    const task = this.surroundings.model.tasks.find(about)
    if (task && !hasEnded(task)) task.cancelRequested = true
    const call = this.#start(running, 'cancel', { about })
    this.#end(call, running.service.client.cancel(about), (answer) =>
      this.#emit('cancelAnswered', { taskId: about, call, task: answer }),
    )
  }

  #find(): void {
    const running = this.surroundings.supervisor.serving
    const about = this.#someTask(0.6)
    if (!running || about === null) return
    const waitMs = this.#random.chance(0.6) ? this.#random.integer(1, 60) * 1000 : 0
    const call = this.#start(running, 'find', { about, maxWaitMs: waitMs })
    this.#end(call, running.service.client.find(about, waitMs), (answer) =>
      this.#emit('findAnswered', { taskId: about, call, task: answer }),
    )
  }

  #list(): void {
    const running = this.surroundings.supervisor.serving
    if (!running) return
    const call = this.#start(running, 'list', {})
    this.#end(call, running.service.client.list('running', 10), (tasks) =>
      this.#emit('listAnswered', { call, status: 'running', tasks }),
    )
  }

  #replay(): void {
    const running = this.surroundings.supervisor.serving
    const about = this.#someTask(0.2)
    if (!running || about === null) return
    const mode = this.#random.pick(['sync', 'async'] as const)
    const call = this.#start(running, 'replay', {
      about,
      maxWaitMs: Infinity,
      text: `replay ${about} ${mode}`,
    })
    const caller = { requestId: call.requestId, mode, waitMs: 0, idempotencyKey: null }
    this.#submitted(call, running.service.client.replay(about, caller))
  }

  #submitted(call: Call, reply: Promise<Reply<SubmissionAnswer>>): void {
    this.#end(call, reply, (answer) => {
      const { id, status } = answer.task
      this.world.log(`${call.requestId}: answered ${status}`, id)
      this.#emit('submitAnswered', { taskId: id, call, ...answer })
    })
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

  /** More often a new task than an old one. */
  #someTask(unfinishedShare: number): string | null {
    const { tasks } = this.surroundings.model
    const isUnfinished = this.#random.chance(unfinishedShare)
    const from = isUnfinished ? [...tasks.unfinished] : this.#knownTasks()
    const index = Math.floor(Math.sqrt(this.#random.next()) * from.length)
    return from[index]?.id ?? null
  }

  /** What is not on disk for some time was refused. */
  #knownTasks(): readonly TaskModel[] {
    const isKnown = ({ row, issuedAt }: TaskModel) =>
      row !== null || this.world.now - issuedAt < MAX_LOOKUP_MS
    return [...this.surroundings.model.tasks.all].filter(isKnown)
  }
}
