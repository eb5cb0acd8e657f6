/** Every task, and each of its steps as it reaches the disk. */
import type { Write } from '../../../src/store/driver.ts'
import type { Row } from '../../../src/store/sqlite/rows.ts'
import { isFinished, type Attempt, type FinalStatus } from '../../../src/task.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import { attemptsIn, isInterrupted, rowOf } from './row.ts'
import { backoffMs, failuresIn, MAX_BACKOFF_MS } from './rules.ts'
import { hasEnded, modeOf, newTask, type TaskModel } from './task-model.ts'

/** One step of a task that is now on disk. */
export interface Transition {
  readonly kind: Write[0]
  readonly task: TaskModel
  readonly before: Row | null
  readonly after: Row
  readonly attemptsBefore: readonly Attempt[]
  /** A submission made it: the task is new, or an interrupted one that runs again. */
  readonly submitted: boolean
}

/** How late a write may come to the store, ms. */
const MAX_LATE_MS = 10 * 60_000

export class TaskModels {
  readonly #tasks = new Map<string, TaskModel>()
  readonly unfinished = new Set<TaskModel>()

  constructor(
    private readonly world: World,
    /** What a process has asked for may be written after its end. */
    private readonly areWritesLate = false,
  ) {}

  get all(): Iterable<TaskModel> {
    return this.#tasks.values()
  }

  find(id: string | null): TaskModel | undefined {
    return id === null ? undefined : this.#tasks.get(id)
  }

  /** Tasks that never came to the disk are gone with the process. */
  endProcess(process: number): void {
    if (this.areWritesLate) return
    for (const task of this.#tasks.values()) {
      if (task.row === null && task.process === process) this.forget(task)
    }
  }

  issue(id: string, process: SimProcess): void {
    this.#tasks.set(id, newTask(id, process.number, this.world.now))
  }

  forget(task: TaskModel): void {
    this.#tasks.delete(task.id)
    this.world.trace.forgetTask(task.id)
  }

  /** Null for a write that fits no known task. */
  commit(write: Write): Transition | null {
    const row = rowOf(write)
    const task = this.#tasks.get(row.id as string)
    if (!task || (write[0] === 'insert') !== (task.row === null)) return null
    const { row: before, attempts: attemptsBefore } = task
    const resumed = before !== null && isInterrupted(before)
    if (hasEnded(task)) task.cancelRequested = false
    if (before === null) task.writtenAt = this.world.now
    if (resumed) Object.assign(task, { attemptsBeforeResume: attemptsBefore.length, notBefore: 0 })
    const after: Row = { ...before, ...row }
    Object.assign(task, { row: after, attempts: attemptsIn(after) })
    this.#ended(task)
    const submitted = resumed || before === null
    if (submitted) {
      task.secretHeaders = write[1].secretHeaders
      this.#submitted(task, resumed)
    }
    return { kind: write[0], task, before, after, attemptsBefore, submitted }
  }

  /**
   * The service knows that the write is on disk: waits and deadlines count from here. The final
   * status, if it has ended. Of several nodes, only the one that has it counts.
   */
  acknowledge([kind, { id, status }]: Write, process: number): FinalStatus | null {
    const { now } = this.world
    const task = this.#tasks.get(id)
    if (!task?.row) return null
    const { row } = task
    if (this.areWritesLate) {
      if (isFinished({ status })) return status as FinalStatus
      if (task.owner?.process !== process) return null
      task.knownTo = process
      // Its own claim of what it had left to all came first.
      if (kind !== 'update' && task.owner.fence > 1) return null
    }
    task.acknowledgedAt = now
    if (row.status === 'queued') {
      const due = now + (row.delay_ms as number)
      task.deadlineFrom = { earliest: due, latest: due }
      setDue(task, due)
    } else if (row.due_at !== null) setDue(task, this.#nextAttemptAt(task))
    else task.dueAt = null
    // It may have heard of the attempt's end only after a pause.
    const last = task.requests.at(-1)
    if (task.dueAt !== null && last?.endedInPause) task.dueAt += now - last.endedAt
    if (!hasEnded(task)) return null
    task.endedAt ??= now
    return row.status as FinalStatus
  }

  /** A node owns it from now on, which is not the one that has accepted it. */
  claimed(id: string, waitMs: number): void {
    const task = this.#tasks.get(id)
    if (!task?.row) return
    setDue(task, this.world.now + waitMs)
    Object.assign(task, { deadlineFrom: null, atGate: false, knownTo: null })
    task.acknowledgedAt = this.world.now
  }

  /** It knows now of what it has claimed. */
  heardOfClaim(id: string, process: number, waitMs: number): void {
    const task = this.#tasks.get(id)
    if (task?.owner?.process !== process) return
    task.knownTo = process
    task.acknowledgedAt = this.world.now
    // Its time begins now, as far as its node knows.
    if (task.dueAt !== null) task.dueAt = Math.max(task.dueAt, this.world.now + waitMs)
  }

  /** Those that were asked for long ago, and never came to the store. */
  forgetUnwritten(): void {
    const before = this.world.now - MAX_LATE_MS
    for (const task of this.#tasks.values()) {
      if (task.row === null && task.issuedAt < before) this.forget(task)
    }
  }

  /** It was never there; but whoever has read it before may still be told of it. */
  undo(task: TaskModel): void {
    this.unfinished.delete(task)
    Object.assign(task, { owner: null, isUndone: true })
    this.world.after(MAX_LATE_MS, () => this.forget(task))
  }

  /** A process that has just started reads the unfinished tasks. */
  recover(): void {
    const { now, wall } = this.world
    for (const task of this.unfinished) {
      const row = task.row!
      const maxWait = row.status === 'queued' ? (row.delay_ms as number) : MAX_BACKOFF_MS
      const wait = Math.max(0, ((row.due_at as number | null) ?? wall) - wall)
      setDue(task, now + Math.min(wait, maxWait))
      task.deadlineFrom = null
    }
  }

  #ended(task: TaskModel): void {
    const endedAt = task.row!.completed_at as number | null
    if (endedAt !== null) task.lastCompletedAt = Math.max(endedAt, task.lastCompletedAt ?? endedAt)
    if (hasEnded(task)) this.unfinished.delete(task)
    else this.unfinished.add(task)
  }

  #submitted(task: TaskModel, resumed: boolean): void {
    // A synchronous task counts from its submission, an asynchronous one from its acceptance.
    const unknown = resumed || modeOf(task) === 'async'
    task.endedAt = null
    task.deadlineFrom = unknown ? null : { earliest: task.issuedAt, latest: this.world.now }
  }

  #nextAttemptAt({ attempts, requests, passedOver, leftGateAt }: TaskModel): number {
    const last = requests.at(-1)
    const failures = failuresIn(attempts) + passedOver
    const isPassedOver = passedOver > 0 && leftGateAt > (last?.sentAt ?? -1)
    if (isPassedOver) return leftGateAt + backoffMs(failures, undefined)
    if (!last || attempts.at(-1)?.interrupted) return this.world.now
    return last.endedAt + backoffMs(failures, last)
  }
}

function setDue(task: TaskModel, due: number): void {
  task.dueAt = due
  task.notBefore = due
}
