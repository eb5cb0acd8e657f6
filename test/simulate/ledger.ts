/** The model's books: every task, and each of its steps as it reaches the disk. */
import {
  INSERT_SQL,
  insertValues,
  UPDATE_SQL,
  updateValues,
  type Row,
} from '../../src/store/sqlite/rows.ts'
import type { Write } from '../../src/store/sqlite/history.ts'
import type { Attempt, FinalStatus } from '../../src/task.ts'
import { arrowFault, attemptsFault, isInterrupted, isOpen } from './arrows.ts'
import { failuresOf, isOver, promisedWait, statusOf, type Known } from './known.ts'
import { attemptFault, endFault } from './outcomes.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

const INSERTED = /\(([^)]+)\)/.exec(INSERT_SQL)![1]!.split(/,\s*/)
const UPDATED = [...UPDATE_SQL.matchAll(/(\w+) = \?/g)].map((match) => match[1]!)

export const LONGEST_WAIT_MS = 60_000

export function rowOf(write: Write): Row {
  const insert = write[0] === 'insert'
  const columns = insert ? INSERTED : UPDATED
  const values = insert ? insertValues(write[1]) : updateValues(write[1])
  return Object.fromEntries(columns.map((name, index) => [name, values[index]!]))
}

export class Ledger {
  readonly tasks = new Map<string, Known>()
  readonly unfinished = new Set<Known>()
  /** The task that holds an Idempotency-Key. */
  readonly byKey = new Map<string, Known>()
  /** What ended, as this process was told. */
  ended: Record<FinalStatus, number> = { success: 0, error: 0, timeout: 0, cancelled: 0 }

  constructor(
    private readonly world: World,
    /** A finished task that runs again: whether it is still there. */
    private readonly exists: (id: string) => boolean,
  ) {}

  issue(id: string, process: Process): void {
    this.world.expect(!this.tasks.has(id), 'an id was given twice', id)
    this.tasks.set(id, {
      id,
      process: process.number,
      askedAt: this.world.now,
      row: null,
      attempts: [],
      sent: [],
      promised: false,
      cancelAsked: false,
      resumedAfter: 0,
      lastEndAt: null,
      born: null,
      due: null,
      notBefore: 0,
    })
  }

  forget(task: Known): void {
    this.tasks.delete(task.id)
    this.world.forget(task.id)
    const key = task.row?.idempotency_key as string | null | undefined
    if (key != null && this.byKey.get(key) === task) this.byKey.delete(key)
  }

  begin(): void {
    this.ended = { success: 0, error: 0, timeout: 0, cancelled: 0 }
  }

  durable(process: Process, writes: readonly Write[]): void {
    for (const write of writes) this.#write(process, write)
  }

  /** The service goes on: waits and deadlines count from here. */
  acknowledged(writes: readonly Write[]): void {
    const { now } = this.world
    for (const [, { id }] of writes) {
      const task = this.tasks.get(id)
      if (!task?.row) continue
      const { row } = task
      if (row.status === 'queued') {
        const due = now + (row.delay_ms as number)
        task.born = { earliest: due, latest: due }
        setDue(task, due)
      } else if (row.due_at !== null) {
        setDue(task, this.#afterAttempt(task))
      } else task.due = null
      if (isOver(task)) this.ended[row.status as FinalStatus]++
    }
  }

  /** What the service makes of the unfinished tasks that it finds at its start. */
  recovering(): void {
    const { now, wall } = this.world
    for (const task of this.unfinished) {
      const row = task.row!
      const longest = row.status === 'queued' ? (row.delay_ms as number) : LONGEST_WAIT_MS
      const wait = Math.min(Math.max(0, ((row.due_at as number | null) ?? wall) - wall), longest)
      setDue(task, now + wait)
      task.born = null
    }
  }

  #write(process: Process, write: Write): void {
    const { world } = this
    const row = rowOf(write)
    const id = row.id as string
    const task = this.tasks.get(id)
    if (!task) return world.violate('a task is written that was never asked for', id)
    const before = task.row
    if (write[0] === 'insert' ? before : !before) return world.violate(`odd ${write[0]}`, id)
    if ((write[0] === 'resume') !== (before !== null && isOver(task))) {
      return world.violate(`${write[0]} of a task that is ${before?.status}`, id)
    }
    if (before && isOver(task)) {
      if (!this.exists(id)) world.violate('it runs again, but it was forgotten meanwhile', id)
      task.cancelAsked = false
    }
    const after: Row = { ...before, ...row }
    const attempts = JSON.parse(after.attempts as string) as Attempt[]
    const label = `${write[0]} ${after.status}, ${attempts.length} attempts`
    world.note(`disk: ${label}, due ${after.due_at}, ${after.error_message}`, id)
    const reached = (attempt: number) => task.sent.some((sent) => sent.attempt === attempt)
    const fault =
      arrowFault(before, after) ?? attemptsFault(task.attempts, attempts, after, reached)
    if (fault) world.violate(fault, id)
    const resumed = before !== null && isInterrupted(before)
    const previous = task.attempts
    if (resumed) Object.assign(task, { resumedAfter: previous.length, notBefore: 0 })
    Object.assign(task, { row: after, attempts })
    const endAt = after.completed_at as number | null
    if (endAt !== null) task.lastEndAt = Math.max(endAt, task.lastEndAt ?? endAt)
    if (isOver(task)) this.unfinished.delete(task)
    else this.unfinished.add(task)
    this.#checkClosed(task, previous, process)
    if (resumed || !before) this.#begun(task, resumed)
    if (isOver(task)) this.#checkEnd(task, process)
  }

  #begun(task: Known, resumed: boolean): void {
    const { world } = this
    const key = task.row!.idempotency_key as string | null
    if (key !== null) {
      const holder = this.byKey.get(key)
      const taken = holder !== undefined && holder !== task && this.exists(holder.id)
      world.expect(!taken, `its Idempotency-Key is ${holder?.id}'s`, task.id)
      this.byKey.set(key, task)
    }
    // A synchronous one counts from its submission, an asynchronous one from its acceptance.
    if (resumed || task.row!.mode === 'async') task.born = null
    else task.born = { earliest: task.askedAt, latest: world.now }
  }

  #checkClosed(task: Known, before: readonly Attempt[], process: Process): void {
    for (const [index, earlier] of before.entries()) {
      const attempt = task.attempts[index]
      if (!attempt || !isOpen(earlier) || isOpen(attempt)) continue
      const sent = task.sent.find((each) => each.attempt === attempt.attempt)
      const ours = sent?.process === process.number
      const fault = ours
        ? attemptFault(attempt, sent, process)
        : attempt.interrupted
          ? null
          : `attempt ${attempt.attempt} is closed, but not as interrupted`
      if (fault) this.world.violate(fault, task.id)
    }
  }

  #checkEnd(task: Known, process: Process): void {
    const fault = endFault(task, process, this.world.now)
    if (fault) this.world.violate(fault, task.id)
    this.world.count(`ended as ${statusOf(task)}`)
  }

  #afterAttempt(task: Known): number {
    const last = task.sent.at(-1)
    if (!last || task.attempts.at(-1)?.interrupted) return this.world.now
    return last.endedAt + promisedWait(failuresOf(task.attempts), last)
  }
}

function setDue(task: Known, due: number): void {
  task.due = due
  task.notBefore = due
}
