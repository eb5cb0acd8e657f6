/**
 * A model of the tables that nodes share, in memory: what each statement of `SharedDatabase` does
 * to them once it is there. Nothing fails here, and nothing takes time: `NodeConnection` sees to
 * that. Times are ms of the database's clock.
 */
import { nameKey } from '../../../src/droplets/droplet.ts'
import type { RefusedWrite } from '../../../src/store/driver.ts'
import type {
  DoubtfulWrite,
  FencedClaim,
  Hold,
  SharedWrite,
} from '../../../src/store/shared/database.ts'
import type { DeadNode, NodeInfo, SeenNode } from '../../../src/store/shared/work.ts'
import type { Retention, TaskPage, TaskQuery } from '../../../src/store/store.ts'
import { INTERRUPTED, isFinished, type Task } from '../../../src/task.ts'
import { Sessions } from './sessions.ts'
import {
  claimOf,
  pageOf,
  withoutNeedlessSecrets,
  type HistoryRow,
  type LiveRow,
  type TablesObserver,
} from './table-rows.ts'

const NOBODY: Hold = { session: '', fence: 0, step: 0 }

/** What is due so soon may be claimed. */
const CLAIM_AHEAD_MS = 1000
/** What is to end without being sent is given besides: so many at once. */
const MAX_OVER = 64

export class SharedTables {
  readonly live = new Map<string, LiveRow>()
  readonly history = new Map<string, HistoryRow>()
  readonly #keys = new Map<string, string>()
  readonly sessions: Sessions
  /** When the server started last. */
  startedAt = -Infinity

  constructor(
    private readonly now: () => number,
    private readonly retention: Retention,
    private readonly observer: TablesObserver,
  ) {
    this.sessions = new Sessions(now)
  }

  join(node: NodeInfo, leaseMs: number): string {
    const session = this.sessions.join(node, leaseMs)
    this.observer.joined(session, node)
    return session
  }

  renew(session: string, leaseMs: number): boolean {
    const isAlive = this.sessions.renew(session, leaseMs)
    this.observer.renewed(session, isAlive)
    return isAlive
  }

  leave(session: string): void {
    this.#die(session, 'left')
    this.#free(new Set([session]), Infinity)
  }

  declareDead(asker: string, leaseMs: number): DeadNode[] {
    const isAwake = this.sessions.leftMs(asker) > leaseMs / 2
    if (this.now() - this.startedAt < leaseMs || !isAwake) return []
    const rows = [...this.live.values()]
    return this.sessions.runOut.map((session) => {
      const owned = rows.filter(({ owner }) => owner === session).map(({ task }) => task)
      const dead = this.sessions.asDead(session, owned)
      this.#die(session, 'run out')
      return dead
    })
  }

  rescue(limit: number): number {
    return this.#free(this.sessions.dead, limit)
  }

  #die(session: string, how: 'left' | 'run out'): void {
    if (!this.sessions.isAlive(session)) return
    this.sessions.end(session)
    this.observer.died(session, how)
  }

  #free(sessions: ReadonlySet<string>, limit: number): number {
    let freed = 0
    for (const [id, row] of this.live) {
      if (freed === limit) break
      if (row.owner === null || !sessions.has(row.owner)) continue
      freed++
      this.#disown(id, row)
    }
    return freed
  }

  #disown(id: string, row: LiveRow): void {
    row.owner = null
    this.observer.owned(id, null, row.fence, row.dueAt)
  }

  commit(writes: readonly SharedWrite[]): RefusedWrite[] {
    const refused: RefusedWrite[] = []
    for (const [index, write] of writes.entries()) {
      const reason = this.#write(write)
      if (reason === 'repeated' || reason === null) continue
      this.observer.refused(write, reason)
      refused.push({ index, reason })
    }
    return refused
  }

  /** `repeated`: it was done before, and its answer was lost. */
  #write(write: SharedWrite): RefusedWrite['reason'] | 'repeated' | null {
    if (write.kind === 'insert') return this.#insert(write)
    return write.kind === 'resume' ? this.#resume(write) : this.#update(write)
  }

  #insert(write: SharedWrite): RefusedWrite['reason'] | null {
    const { task } = write
    const { id, idempotencyKey: key } = task
    if (this.#isLate(write)) return 'not owned'
    if (key !== null && this.#keys.has(key)) return 'key taken'
    if (this.live.has(id) || this.history.has(id)) return { error: 'there is a task with its id' }
    if (key !== null) this.#keys.set(key, id)
    this.#begin(write, 'inserted', this.now())
    return null
  }

  #resume(write: SharedWrite): RefusedWrite['reason'] | null {
    const { task } = write
    const before = this.history.get(task.id)
    if (this.#isLate(write)) return 'not owned'
    if (before?.task.errorMessage !== INTERRUPTED || before.task.status !== 'error') {
      return 'not owned'
    }
    this.#begin(write, 'resumed', this.now())
    return null
  }

  /** Nothing synchronous begins in a dead session. */
  #isLate({ task, hold }: SharedWrite): boolean {
    const isDead = hold !== null && !this.sessions.isAlive(hold.session)
    return isDead && task.mode === 'sync' && !isFinished(task)
  }

  /** A synchronous task may have ended in its first write. What a dead session begins is nobody's. */
  #begin(write: SharedWrite, fresh: LiveRow['fresh'], now: number): void {
    const { task, hold, waitMs } = write
    const owner = hold && this.sessions.isAlive(hold.session) ? hold.session : null
    const fence = hold?.fence ?? 1
    this.observer.written(write)
    this.history.delete(task.id)
    if (isFinished(task)) {
      this.history.set(task.id, { task, endedBy: hold ?? NOBODY, endedAt: now })
      return
    }
    const times = { createdAt: now, dueAt: now + waitMs }
    const held = { owner, fence, step: hold?.step ?? 0, claim: null }
    this.live.set(task.id, { task, ...held, isCancelAsked: false, fresh, ...times })
    if (owner !== null) this.observer.owned(task.id, owner, fence, now)
  }

  #update(write: SharedWrite): RefusedWrite['reason'] | 'repeated' | null {
    const { task, hold, waitMs } = write
    const row = this.live.get(task.id)
    if (!row) return this.#wasEnded(write) ? 'repeated' : 'not owned'
    if (hold === null || row.owner !== hold.session || row.fence !== hold.fence) return 'not owned'
    if (hold.step === row.step) return 'repeated'
    if (hold.step < row.step) return 'not owned'
    this.observer.written(write)
    const dueAt = task.dueAt === null ? row.dueAt : this.now() + waitMs
    Object.assign(row, { task, fresh: null, step: hold.step, dueAt })
    if (isFinished(task)) {
      this.live.delete(task.id)
      this.history.set(task.id, { task, endedBy: hold, endedAt: this.now() })
    }
    return null
  }

  /** By the same write. */
  #wasEnded({ task, hold }: SharedWrite): boolean {
    const ended = this.history.get(task.id)
    return ended !== undefined && hold !== null && Bun.deepEquals(ended.endedBy, hold)
  }

  undo(session: string, writes: readonly DoubtfulWrite[], now: number): void {
    for (const { id, step } of writes) {
      const row = this.live.get(id)
      if (!row || row.fresh === null || row.fence !== 1 || row.step !== step) continue
      if (row.owner !== session && row.owner !== null) continue
      this.#undo(id, row, now)
    }
  }

  #undo(id: string, row: LiveRow, now: number): void {
    const what = row.fresh!
    this.live.delete(id)
    this.observer.undone(row.task, what, now)
    if (what === 'inserted') return this.#forgetKey(row.task)
    const task: Task = {
      ...row.task,
      status: 'error',
      errorMessage: INTERRUPTED,
      dueAt: null,
      completedAt: now,
    }
    this.history.set(id, { task, endedBy: NOBODY, endedAt: this.now() })
  }

  #forgetKey({ id, idempotencyKey: key }: Task): void {
    if (key !== null && this.#keys.get(key) === id) this.#keys.delete(key)
  }

  claim(
    session: string,
    capacity: number,
    except: readonly string[],
    number: number,
  ): FencedClaim[] {
    if (!this.sessions.isAlive(session)) return []
    const free = [...this.live.values()].filter(({ owner }) => owner === null)
    const until = this.now() + CLAIM_AHEAD_MS
    const due = free.filter(
      ({ dueAt, task }) => dueAt <= until && !except.includes(nameKey(task.dropletName)),
    )
    due.sort((a, b) => a.dueAt - b.dueAt)
    const over = free.filter((row) => this.#isOver(row)).slice(0, MAX_OVER)
    const taken = new Set([...due.slice(0, capacity), ...over])
    return [...taken].map((row) => this.#give(row, session, number))
  }

  /** Of one that nobody owns: it has passed its deadline, or its caller went with its node. */
  #isOver({ task: { mode, delayMs, deadlineMs }, createdAt }: LiveRow): boolean {
    if (mode === 'sync') return true
    return deadlineMs !== null && createdAt + delayMs + deadlineMs <= this.now()
  }

  take(session: string, id: string, number: number): FencedClaim | null {
    const row = this.live.get(id)
    if (!row || row.owner !== null || !this.sessions.isAlive(session)) return null
    return this.#give(row, session, number)
  }

  unclaim(session: string, numbers: readonly number[]): void {
    for (const [id, row] of this.live) {
      if (row.owner !== session || row.claim === null || !numbers.includes(row.claim)) continue
      this.#disown(id, row)
    }
  }

  #give(row: LiveRow, session: string, claim: number): FencedClaim {
    Object.assign(row, { owner: session, fence: row.fence + 1, step: 0, claim, fresh: null })
    this.observer.owned(row.task.id, session, row.fence, row.dueAt)
    const given = claimOf(row, this.now())
    this.observer.claimed(given, session)
    return given
  }

  release(holds: readonly (Hold & { readonly id: string })[]): void {
    for (const { id, session, fence, step } of holds) {
      const row = this.live.get(id)
      if (row?.owner === session && row.fence === fence && row.step <= step) this.#disown(id, row)
    }
  }

  askToCancel(id: string): boolean {
    const row = this.live.get(id)
    if (!row || row.owner === null) return false
    row.isCancelAsked = true
    return true
  }

  cancelled(session: string): string[] {
    const wanted = [...this.live].filter(([, row]) => row.owner === session && row.isCancelAsked)
    return wanted.map(([id]) => id)
  }

  ended(ids: readonly string[]): string[] {
    return ids.filter((id) => !this.live.has(id))
  }

  unowned(max: number): number {
    return Math.min(max, [...this.live.values()].filter(({ owner }) => owner === null).length)
  }

  unownedDueMs(): number {
    const free = [...this.live.values()].filter(({ owner }) => owner === null)
    return Math.max(0, ...free.map(({ dueAt }) => this.now() - dueAt))
  }

  nodes(session: string): SeenNode[] {
    return this.sessions.seen(session)
  }

  find(id: string): Task | null {
    const task = this.live.get(id)?.task ?? this.history.get(id)?.task
    return task ? withoutNeedlessSecrets(task) : null
  }

  findByKey(key: string): Task | null {
    const id = this.#keys.get(key)
    return id === undefined ? null : this.find(id)
  }

  list(query: TaskQuery): TaskPage | null {
    return pageOf(
      [...this.live.values(), ...this.history.values()].map(({ task }) => task),
      query,
    )
  }

  /** One after the other, the oldest end first: so they are in the map. */
  trim(): boolean {
    const { maxFinished, ttlMs } = this.retention
    const isOld = (endedAt: number) => ttlMs > 0 && endedAt < this.now() - ttlMs
    const oldest = this.history.values().next().value
    if (!oldest || (this.history.size <= maxFinished && !isOld(oldest.endedAt))) return false
    this.history.delete(oldest.task.id)
    this.#forgetKey(oldest.task)
    this.observer.forgotten(oldest.task.id)
    return true
  }
}
