/** Those who call the service, and whether the answers that they get are true. */
import { OrchestratorError, type ErrorCode } from '../../src/errors.ts'
import type { Submission } from '../../src/tasks/task-service.ts'
import { INTERRUPTED, isFinished, type Task } from '../../src/task.ts'
import { isInterrupted } from './arrows.ts'
import { MAX_RESPONSE_BYTES } from './droplets.ts'
import { isOver, statusOf, type Known } from './known.ts'
import type { Ledger } from './ledger.ts'
import { bodyFault } from './outcomes.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

export interface Call {
  readonly kind: 'submit' | 'find' | 'cancel' | 'list' | 'replay'
  readonly process: Process
  readonly at: number
  /** The task that it is about, as far as that is known. */
  taskId: string | null
  /** How long the answer may take; Infinity: as long as a task may. */
  readonly patienceMs: number
  /** A submission with an Idempotency-Key. */
  readonly key: string | null
  /** What is asked for: the same for the same request. */
  readonly request: string | null
  /** Its connection broke before there was an answer: the caller's next move. */
  readonly onLost?: () => void
}

/** What may excuse the service; simulated ms. */
export interface Excuses {
  diskTroubledUntil(): number
  registryTroubledUntil(): number
  droplet(name: string): { wasUnlisted: boolean } | undefined
  maxQueued(): number
}

const REGISTRY_EXPIRY_MS = 25 * 60_000
const ANSWER_MS = 4000

export class Calls {
  readonly open = new Set<Call>()
  /** What was asked for with each key: several requests may have used it. */
  readonly #lastAnswer = new Map<string, number>()
  readonly #uses = new Map<string, Set<string>>()

  constructor(
    private readonly world: World,
    private readonly ledger: Ledger,
    private readonly excuses: Excuses,
  ) {}

  make<T>(call: Call, answer: Promise<T>, check: (value: T) => void): void {
    const { world } = this
    this.open.add(call)
    world.count(`calls to ${call.kind}`)
    if (call.key !== null && call.request !== null) {
      const uses = this.#uses.get(call.key) ?? new Set()
      this.#uses.set(call.key, uses.add(call.request))
    }
    answer.then(
      (value) => {
        if (this.#answered(call)) check(value)
      },
      (error: unknown) => {
        if (call.process.alive) this.#refused(call, error)
        this.#answered(call)
      },
    )
  }

  /** The process is gone: nobody of those who wait gets an answer. */
  crash(): void {
    const lost = [...this.open]
    this.open.clear()
    for (const call of lost) call.onLost?.()
  }

  watch(): void {
    const { now } = this.world
    for (const call of this.open) {
      const since = Math.max(call.at, this.excuses.diskTroubledUntil())
      if (now - since > call.patienceMs + ANSWER_MS) {
        this.world.violate(`the call to ${call.kind} gets no answer`, call.taskId)
      }
    }
  }

  submitted(call: Call, { task, replayed }: Submission, mode: Task['mode']): void {
    const { world } = this
    const known = this.#onDisk(task)
    if (!known) return
    world.note(`answer: ${task.status}${replayed ? ', replayed' : ''}`, task.id)
    if (replayed || call.taskId !== task.id) {
      const held = call.key !== null && known.row?.idempotency_key === call.key
      world.expect(held, 'the answer is of another task', task.id)
      if (replayed) world.expect(isFinished(task), 'replayed, and not finished', task.id)
      if (call.taskId !== null && call.taskId !== task.id) this.drop(call.taskId)
    }
    if (isFinished(task)) this.#truth(known, task, replayed)
    else {
      known.promised = true
      world.expect(mode === 'async', 'a synchronous task is answered unfinished', task.id)
    }
  }

  found(id: string, task: Task): void {
    const known = this.#onDisk(task)
    this.world.expect(task.id === id, 'another task was found', id)
    if (known && isFinished(task)) this.#truth(known, task, true)
  }

  cancelled(id: string, task: Task): void {
    const known = this.#onDisk(task)
    if (!known) return
    this.world.note('answer: cancelled', id)
    this.world.expect(statusOf(known) === 'cancelled', 'cancelled, but not on disk', id)
    const last = known.sent.at(-1)
    this.world.expect(last?.end !== null, 'cancelled, and its request goes on', id)
  }

  /** A task that came to nothing. */
  drop(id: string): void {
    const known = this.ledger.tasks.get(id)
    if (known && known.row === null) this.ledger.forget(known)
  }

  #answered(call: Call): boolean {
    if (!call.process.alive) return false
    if (call.key !== null) this.#lastAnswer.set(call.key, this.world.now)
    return this.open.delete(call)
  }

  #onDisk(task: Task): Known | null {
    const known = this.ledger.tasks.get(task.id)
    if (known?.row) return known
    this.world.violate('the caller is told of a task that is not on disk', task.id)
    return null
  }

  /** What the caller is told is what is on disk and what the droplet said. */
  #truth(known: Known, task: Task, remembered: boolean): void {
    const { world } = this
    const { row } = known
    // An interrupted task that was looked at just before it began to run again.
    if (task.errorMessage === INTERRUPTED && !isOver(known)) return
    const same =
      row!.status === task.status &&
      row!.response_status === task.responseStatus &&
      row!.error_message === task.errorMessage &&
      known.attempts.length === task.attempts.length
    world.expect(same, `the caller is told ${task.status}, the disk ${row!.status}`, task.id)
    const end = known.sent.at(-1)?.end
    if (remembered || task.responseStatus === null || end?.kind !== 'answered') return
    // Who waited asynchronously reads what the history keeps.
    const most = task.mode === 'sync' ? MAX_RESPONSE_BYTES : 10 * 1024
    const fault = bodyFault(task.responseBody, end, most)
    if (fault) world.violate(fault, task.id)
  }

  #refused(call: Call, error: unknown): void {
    const { world } = this
    if (!(error instanceof OrchestratorError)) {
      const text = error instanceof Error ? error.stack : String(error)
      // While the disk can't be read, neither can tasks.
      const excused = world.now <= this.excuses.diskTroubledUntil()
      return excused ? undefined : world.violate(`${call.kind} fails: ${text}`, call.taskId)
    }
    world.note(`${call.kind} refused: ${error.code}`, call.taskId ?? undefined)
    world.count(`refused ${error.code}`)
    const fault = this.#refusalFault(call, error)
    if (fault) world.violate(`${call.kind} is refused with ${error.code}: ${fault}`, call.taskId)
    // Accepted, waited for, over and forgotten, all before it was looked at: rare, but right.
    if (call.kind === 'submit' && error.code !== 'TASK_NOT_FOUND') this.#nothingSent(call)
  }

  #nothingSent({ taskId }: Call): void {
    const known = taskId === null ? undefined : this.ledger.tasks.get(taskId)
    if (!known) return
    if (known.row) this.world.violate('it was refused, and is on disk', known.id)
    this.drop(known.id)
  }

  #refusalFault(call: Call, { code, details }: OrchestratorError): string | null {
    const { world, excuses } = this
    const known = call.taskId === null ? undefined : this.ledger.tasks.get(call.taskId)
    const registryTrouble = excuses.registryTroubledUntil() > world.now - REGISTRY_EXPIRY_MS
    const young = world.now - call.process.servingSince < ANSWER_MS
    const rules: Partial<Record<ErrorCode, () => boolean>> = {
      STORE_UNAVAILABLE: () => world.now <= excuses.diskTroubledUntil() + ANSWER_MS,
      SHUTTING_DOWN: () => call.process.draining,
      OVERLOADED: () => this.ledger.unfinished.size + this.open.size >= excuses.maxQueued(),
      REGISTRY_ERROR: () => registryTrouble || young,
      DROPLET_NOT_FOUND: () => {
        const droplet = excuses.droplet(String(details['requested_droplet']))
        return !droplet || droplet.wasUnlisted || registryTrouble
      },
      TASK_NOT_FOUND: () => !known?.row || isOver(known),
      TASK_FINISHED: () => known !== undefined && isOver(known),
      IDEMPOTENCY_KEY_IN_USE: () => this.#inUse(call, String(details['task_id'])),
      IDEMPOTENCY_KEY_REUSED: () => (this.#uses.get(call.key!)?.size ?? 0) > 1,
    }
    return rules[code]?.() ? null : 'there is no reason for that'
  }

  #inUse(call: Call, id: string): boolean {
    const holder = this.ledger.tasks.get(id)
    const twin = [...this.open].some((other) => other !== call && other.key === call.key)
    // Perhaps it came first and got its answer meanwhile.
    if (twin || (this.#lastAnswer.get(call.key!) ?? 0) >= call.at) return true
    return (
      holder?.row?.idempotency_key === call.key && (!isOver(holder) || isInterrupted(holder.row!))
    )
  }
}
