/**
 * A store's driver over a database that several nodes share. It owns tasks by its session
 * (`lease.ts`), names a task's fence in each write, and does for the others what each node does:
 * frees the tasks of dead nodes, and tells of work and of cancellations.
 */
import { errorText } from '../../errors.ts'
import { within } from '../../platform/time-limit.ts'
import type { Clock, Log } from '../../ports.ts'
import { isFinished, type Task } from '../../task.ts'
import type { RefusedWrite, SharedOwnership, StoreDriver, Write } from '../driver.ts'
import type { ClaimedTask, TaskQuery } from '../store.ts'
import type { DoubtfulWrite, FencedClaim, Hold, SharedDatabase, SharedWrite } from './database.ts'
import { Doubts } from './doubts.ts'
import { Holdings } from './holdings.ts'
import { Lease } from './lease.ts'
import { Questions } from './questions.ts'
import { Rounds } from './rounds.ts'
import { sharedWrite } from './shared-write.ts'
import type { Claim, NodeInfo, SharedWorkListener } from './work.ts'

const NO_SESSION = '00000000-0000-0000-0000-000000000000'
/** How long the last question of a store that closes may take, ms. */
const MAX_LEAVE_MS = 5000

export interface SharedPorts {
  database: SharedDatabase
  node: NodeInfo
  /** How long a node that is not heard of keeps its tasks, ms. */
  leaseMs: number
  /** How far the tasks that nobody owns are counted: beyond it, no more are accepted. */
  maxBacklog: number
  clock: Clock
  log: Log
}

/** Begins a session. Rejects as the database does, which is closed then. */
export async function openShared(ports: SharedPorts): Promise<StoreDriver> {
  const driver = new SharedDriver(ports)
  try {
    await driver.start()
    return driver
  } catch (error) {
    await ports.database.close()
    throw error
  }
}

class SharedDriver implements StoreDriver, SharedOwnership {
  readonly node: NodeInfo
  readonly #lease: Lease
  readonly #rounds: Rounds
  readonly #holdings: Holdings
  readonly #questions: Questions
  /** New tasks. */
  readonly #doubts: Doubts<DoubtfulWrite>
  /** At once, after a commit that has failed. */
  #isUndoing = false
  #listener: SharedWorkListener | null = null

  constructor(private readonly ports: SharedPorts) {
    const { database, clock } = ports
    this.node = ports.node
    this.#doubts = new Doubts(clock)
    this.#questions = new Questions(ports)
    this.#lease = new Lease({
      ...ports,
      onLost: () => this.#lost(),
      undo: () => this.#undo(),
      onJoined: () => this.#listener?.work(),
    })
    this.#holdings = new Holdings({ ...ports, lease: this.#lease })
    this.#rounds = new Rounds({
      ...ports,
      lease: this.#lease,
      undo: () => this.#undo(),
      onCancelled: (ids) => this.#listener?.cancel(ids),
      onFreed: () => this.#toldOfWork(),
    })
    database.onNotify((what) => {
      if (what === 'work') this.#listener?.work()
      else this.#rounds.askForCancelled()
    })
  }

  async start(): Promise<void> {
    await this.#lease.start()
    this.#rounds.start()
  }

  get shared(): SharedOwnership {
    return this
  }

  get fault(): string | null {
    if (this.#rounds.isUnanswered) return 'the database does not answer'
    return this.#lease.session === null ? 'this node has lost its lease in the database' : null
  }

  get backlog(): number {
    return this.#rounds.backlog
  }

  get backlogDueMs(): number {
    return this.#rounds.backlogDueMs
  }

  listen(listener: SharedWorkListener): void {
    this.#listener = listener
  }

  holdOf({ id }: Task, forAnyone: boolean): Hold | null {
    return forAnyone ? null : this.#holdings.holdOf(id)
  }

  isOurs(hold: unknown): boolean {
    return (hold as Hold | null)?.session === this.#lease.session
  }

  async commit(writes: readonly Write[], now: number): Promise<RefusedWrite[]> {
    const shared = writes.map(([kind, task, hold]) =>
      sharedWrite(kind, task, (hold ?? null) as Hold | null, now),
    )
    try {
      const refused = await this.ports.database.commit(shared, now)
      this.#lease.check()
      this.#committed(shared, refused)
      return refused
    } catch (error) {
      for (const { hold, task } of shared.filter(isNew)) {
        const write = { id: task.id, step: hold?.step ?? 0 }
        this.#doubts.add(hold?.session ?? this.#lease.latest!, [write])
      }
      if (shared.some(isNew)) void this.#undoNow()
      throw error
    }
  }

  #committed(writes: readonly SharedWrite[], refused: readonly RefusedWrite[]): void {
    const isRefused = new Set(refused.map(({ index }) => index))
    const forAnyone = writes.filter(
      ({ hold, kind }, index) => hold === null && kind === 'insert' && !isRefused.has(index),
    ).length
    this.#rounds.addToBacklog(forAnyone)
    if (forAnyone > 0) this.#toldOfWork()
    for (const { task } of writes) if (isFinished(task)) this.#holdings.forget(task.id)
    if (refused.some(({ reason }) => reason === 'not owned')) this.#lease.doubt()
  }

  #toldOfWork(): void {
    this.ports.database.notify('work')
    this.#listener?.work()
  }

  async #lost(): Promise<void> {
    await this.#listener?.lost()
    this.#holdings.forgetAll()
  }

  /** For the store's port; the service asks for more (`SharedWork`). */
  claim(capacity: number): Promise<ClaimedTask[]>
  claim(capacity: number, except: readonly string[]): Promise<Claim[]>
  async claim(capacity: number, except?: readonly string[]): Promise<ClaimedTask[] | Claim[]> {
    const claims = await this.#claim((session, number) =>
      this.ports.database.claim(session, capacity, except ?? [], number),
    )
    return except === undefined ? claims.map(({ task }) => task) : claims
  }

  async take(id: string): Promise<Claim | null> {
    const asked = this.#claim(async (session, number) => {
      const taken = await this.ports.database.take(session, id, number)
      return taken ? [taken] : []
    })
    const [claim] = await this.#questions.answered('take', asked)
    return claim ?? null
  }

  async #claim(...[ask]: Parameters<Holdings['claim']>): Promise<FencedClaim[]> {
    const claims = await this.#holdings.claim(ask)
    this.#rounds.addToBacklog(-claims.length)
    return claims
  }

  async release(ids: readonly string[]): Promise<void> {
    await this.#holdings.release(ids)
    this.#rounds.addToBacklog(ids.length)
  }

  /**
   * Before others claim what was for anyone, if it is there already. What fails is tried again from
   * time to time, as is what comes meanwhile. Never rejects.
   */
  async #undoNow(): Promise<void> {
    if (this.#isUndoing) return
    this.#isUndoing = true
    await this.#undo().catch(() => {})
    this.#isUndoing = false
  }

  async #undo(): Promise<void> {
    const { clock, database } = this.ports
    await this.#doubts.clear((session, all) => database.undo(session, all, clock.now()))
    await this.#holdings.settle()
  }

  async askToCancel(id: string): Promise<boolean> {
    const asked = this.ports.database.askToCancel(id)
    const isAsked = await this.#questions.answered('askToCancel', asked)
    if (isAsked) this.ports.database.notify('cancel')
    return isAsked
  }

  ended(ids: readonly string[]): Promise<string[]> {
    return this.#questions.answered('ended', this.ports.database.ended(ids))
  }

  nodes() {
    const asked = this.ports.database.nodes(this.#lease.latest ?? NO_SESSION)
    return this.#questions.answered('nodes', asked)
  }

  find(id: string) {
    return this.#questions.answered('find', this.ports.database.find(id))
  }

  findByKey(key: string) {
    return this.#questions.answered('findByKey', this.ports.database.findByKey(key))
  }

  list(query: TaskQuery) {
    return this.#questions.answered('list', this.ports.database.list(query))
  }

  trim(now: number) {
    return this.ports.database.trim(now)
  }

  /** Nothing is put off. */
  async catchUp(): Promise<string[]> {
    return []
  }

  /** There is no file. */
  async movedFile(): Promise<null> {
    return null
  }

  /** What is left of ours may be claimed by others at once, if the database can be reached. */
  async close(): Promise<void> {
    const { clock, database, log } = this.ports
    this.#rounds.stop()
    // What was refused must not be left to others.
    const leave = () =>
      this.#undo()
        .catch(() => {})
        .then(() => this.#lease.stop())
    const left = await within(clock, MAX_LEAVE_MS, null, leave)
    if (!left.ok) {
      const message =
        'this node cannot give its tasks back: others take them when its lease is over'
      log.warning(message, { error: errorText(left.cause ?? left.error) })
    }
    await database.close()
  }
}

const isNew = ({ kind }: SharedWrite) => kind !== 'update'
