/** `SharedDatabase` over Postgres: which of the pools, and which statement. */
import { PostgresError, type PostgresClient } from '../../platform/postgres.ts'
import type { Clock } from '../../ports.ts'
import { isFinished, type Task } from '../../task.ts'
import type { RefusedWrite } from '../driver.ts'
import type {
  DoubtfulWrite,
  FencedClaim,
  Hold,
  SharedDatabase,
  SharedWrite,
} from '../shared/database.ts'
import type { DeadNode, NodeInfo, SeenNode } from '../shared/work.ts'
import type { Retention, TaskPage, TaskQuery } from '../store.ts'
import { askToCancel, cancelled } from './cancelling.ts'
import { claim, take } from './claim.ts'
import { commit } from './commit.ts'
import { dayAt, isTaskId } from './days.ts'
import { Finder } from './find.ts'
import { Lists } from './list.ts'
import { Partitions } from './partitions.ts'
import { Pool } from './pool.ts'
import { declareDead, leave, rescue } from './rescue.ts'
import { release, unclaim } from './release.ts'
import { join, nodes, renew } from './sessions.ts'
import { Trimmer } from './trimmer.ts'
import { ended, unowned, unownedDueMs } from './unfinished.ts'
import { spansBack } from './spans.ts'
import { undo } from './undo.ts'
import { WakeUps, type WakeUp } from './wake-ups.ts'

/**
 * Connections. While one commit is being synced the next is on its way. With four, the store alone
 * is 1.3 times as fast; but groups become small, and a task through HTTP takes 1.2 times the CPU.
 */
const WRITES = 2
const READS = 4
const MAINTENANCE = 2
/** What takes long must not keep a lease from its renewal. */
const CHORES = 1
const LISTENING = 1
/** Of one process, at most. */
export const MAX_CONNECTIONS = WRITES + READS + MAINTENANCE + CHORES + LISTENING

/**
 * When the server ends a statement of which nobody hears any more, ms: longer than anybody waits
 * for it, and soon enough for `Doubts`. A pooler lets us say nothing of that: its server may have
 * a `statement_timeout` of its own.
 */
const MAX_ON_SERVER_MS = 10_000
/** Files of many GB may be unlinked. */
const MAX_CHORE_MS = 90_000

type Connect = (max: number, maxStatementMs?: number) => PostgresClient

export class PostgresDatabase implements SharedDatabase {
  readonly #writes: Pool
  readonly #reads: Pool
  readonly #maintenance: Pool
  readonly #chores: Pool
  readonly #lists: Lists
  readonly #finder: Finder
  readonly #partitions: Partitions
  readonly #trimmer: Trimmer
  readonly #wakeUps: WakeUps
  #node = ''
  /** Places of commits that are under way: each has counts of its own. */
  readonly #places = new Set<number>()

  /** `connect`: see `postgresClient`. */
  constructor(
    connect: Connect,
    private readonly limits: Retention,
    clock: Clock,
  ) {
    const pool = (max: number, maxStatementMs = MAX_ON_SERVER_MS) =>
      new Pool((each) => connect(each, maxStatementMs), max, clock)
    this.#writes = pool(WRITES)
    this.#reads = pool(READS)
    this.#maintenance = pool(MAINTENANCE)
    this.#chores = pool(CHORES, MAX_CHORE_MS)
    this.#finder = new Finder(this.#reads, clock)
    this.#partitions = new Partitions(this.#maintenance)
    const spans = () => spansBack(dayAt(clock.now()), this.#partitions.oldest)
    // One connection is left for those who ask for single tasks.
    this.#lists = new Lists(this.#reads, READS - 1, spans)
    this.#trimmer = new Trimmer(
      {
        pool: this.#chores,
        partitions: this.#partitions,
        clock,
        writer: () => this.#writer('trim'),
      },
      limits,
    )
    this.#wakeUps = new WakeUps(this.#maintenance, () => connect(LISTENING), clock)
  }

  /** Reads what a process should know from the start. */
  async prepare(): Promise<void> {
    await this.#partitions.days()
    await this.#trimmer.count()
  }

  join(node: NodeInfo, leaseMs: number): Promise<string> {
    this.#node = node.name
    return join(this.#maintenance, node, leaseMs, this.limits)
  }

  renew(session: string, leaseMs: number): Promise<boolean> {
    return renew(this.#maintenance, session, leaseMs)
  }

  leave(session: string): Promise<void> {
    return leave(this.#maintenance, session)
  }

  declareDead(session: string, leaseMs: number): Promise<DeadNode[]> {
    return declareDead(this.#maintenance, session, leaseMs)
  }

  rescue(limit: number): Promise<number> {
    return rescue(this.#maintenance, limit)
  }

  nodes(session: string): Promise<SeenNode[]> {
    return nodes(this.#maintenance, session)
  }

  async commit(writes: readonly SharedWrite[]): Promise<RefusedWrite[]> {
    let place = 1
    while (this.#places.has(place)) place++
    this.#places.add(place)
    const ports = { pool: this.#writes, partitions: this.#partitions }
    try {
      const refused = await commit(ports, writes, this.#writer(place))
      this.#trimmer.committed(
        finishedIn(writes) - finishedIn(refused.map((one) => writes[one.index]!)),
      )
      return refused
    } finally {
      this.#places.delete(place)
    }
  }

  #writer(place: number | string): string {
    return `${this.#node}/${place}`
  }

  undo(session: string, writes: readonly DoubtfulWrite[], now: number): Promise<void> {
    return undo(this.#maintenance, {
      session,
      writes: writes.filter(({ id }) => isTaskId(id)),
      now,
      writer: this.#writer('undo'),
    })
  }

  claim(
    session: string,
    capacity: number,
    except: readonly string[],
    number: number,
  ): Promise<FencedClaim[]> {
    return claim(this.#maintenance, session, capacity, except, number)
  }

  async take(session: string, id: string, number: number): Promise<FencedClaim | null> {
    return isTaskId(id) ? take(this.#maintenance, session, id, number) : null
  }

  unclaim(session: string, numbers: readonly number[]): Promise<void> {
    return unclaim(this.#maintenance, session, numbers)
  }

  release(holds: readonly (Hold & { readonly id: string })[]): Promise<void> {
    return release(this.#maintenance, holds)
  }

  async askToCancel(id: string): Promise<boolean> {
    return isTaskId(id) && askToCancel(this.#maintenance, id)
  }

  cancelled(session: string): Promise<string[]> {
    return cancelled(this.#maintenance, session)
  }

  async ended(ids: readonly string[]): Promise<string[]> {
    const [known, others] = [ids.filter(isTaskId), ids.filter((id) => !isTaskId(id))]
    return [...others, ...(await ended(this.#maintenance, known))]
  }

  unowned(max: number): Promise<number> {
    return unowned(this.#maintenance, max)
  }

  unownedDueMs(): Promise<number> {
    return unownedDueMs(this.#maintenance)
  }

  find(id: string): Promise<Task | null> {
    return this.#finder.find(id)
  }

  findByKey(key: string): Promise<Task | null> {
    return this.#finder.findByKey(key)
  }

  async list(query: TaskQuery): Promise<TaskPage | null> {
    await this.#trimmer.settled()
    return this.#lists.list(query)
  }

  trim(now: number): Promise<boolean> {
    return this.#trimmer.trim(now)
  }

  notify(what: WakeUp): void {
    this.#wakeUps.notify(what)
  }

  onNotify(callback: (what: WakeUp) => void): void {
    this.#wakeUps.onNotify(callback)
  }

  whatFailed(error: unknown): ReturnType<SharedDatabase['whatFailed']> {
    if (!(error instanceof PostgresError)) return 'program'
    return error.state === null ? 'connection' : 'statement'
  }

  async close(): Promise<void> {
    this.#trimmer.stop()
    const pools = [this.#writes, this.#reads, this.#maintenance, this.#chores]
    await Promise.all([this.#wakeUps.close(), ...pools.map((pool) => pool.close())])
  }
}

function finishedIn(writes: readonly SharedWrite[]): number {
  return writes.filter(({ task }) => isFinished(task)).length
}
