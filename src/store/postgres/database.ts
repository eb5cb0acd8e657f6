/** `SharedDatabase` over Postgres: which of the pools, and which statement. */
import type { PostgresClient } from '../../platform/postgres.ts'
import type { Clock } from '../../ports.ts'
import type { Task } from '../../task.ts'
import type { RefusedWrite } from '../driver.ts'
import type { FencedClaim, Hold, SharedDatabase, SharedWrite } from '../shared/database.ts'
import type { NodeInfo, SeenNode } from '../shared/work.ts'
import type { Retention as Limits, TaskPage, TaskQuery } from '../store.ts'
import * as claims from './claims.ts'
import { commit } from './commit.ts'
import { isTaskId } from './days.ts'
import { Finder } from './find.ts'
import { list } from './list.ts'
import { Partitions } from './partitions.ts'
import { Pool } from './pool.ts'
import { Retention } from './retention.ts'
import * as sessions from './sessions.ts'
import { WakeUps, type WakeUp } from './wake-ups.ts'

/** Connections. While one commit is being synced the next is on its way. */
const WRITES = 2
const READS = 4
const MAINTENANCE = 2

export class PostgresDatabase implements SharedDatabase {
  readonly #writes: Pool
  readonly #reads: Pool
  readonly #maintenance: Pool
  readonly #finder: Finder
  readonly #partitions: Partitions
  readonly #retention: Retention
  readonly #wakeUps: WakeUps
  #node = ''
  /** Places of commits that are under way: each has counts of its own. */
  readonly #places = new Set<number>()

  /** `connect`: a client of so many connections, made when it is first asked something. */
  constructor(connect: (max: number) => PostgresClient, limits: Limits, clock: Clock) {
    const pool = (max: number) => new Pool(() => connect(max), clock)
    this.#writes = pool(WRITES)
    this.#reads = pool(READS)
    this.#maintenance = pool(MAINTENANCE)
    this.#finder = new Finder(this.#reads, clock)
    this.#partitions = new Partitions(this.#maintenance)
    this.#retention = new Retention(this.#maintenance, this.#partitions, limits, () =>
      this.#writer('trim'),
    )
    this.#wakeUps = new WakeUps(this.#maintenance, () => connect(1), clock)
  }

  /** Reads what a process should know from the start. */
  async prepare(): Promise<void> {
    await this.#partitions.days()
  }

  join(node: NodeInfo, leaseMs: number): Promise<string> {
    this.#node = node.name
    return sessions.join(this.#maintenance, node, leaseMs)
  }

  renew(session: string, leaseMs: number): Promise<boolean> {
    return sessions.renew(this.#maintenance, session, leaseMs)
  }

  leave(session: string): Promise<void> {
    return sessions.leave(this.#maintenance, session)
  }

  rescue(limit: number, leaseMs: number): Promise<number> {
    return sessions.rescue(this.#maintenance, limit, leaseMs)
  }

  nodes(session: string): Promise<SeenNode[]> {
    return sessions.nodes(this.#maintenance, session)
  }

  async commit(writes: readonly SharedWrite[], now: number): Promise<RefusedWrite[]> {
    let place = 1
    while (this.#places.has(place)) place++
    this.#places.add(place)
    const ports = { pool: this.#writes, partitions: this.#partitions }
    try {
      return await commit(ports, writes, this.#writer(place), now)
    } finally {
      this.#places.delete(place)
    }
  }

  #writer(place: number | string): string {
    return `${this.#node}/${place}`
  }

  async undo(): Promise<void> {}

  claim(session: string, capacity: number, except: readonly string[]): Promise<FencedClaim[]> {
    return claims.claim(this.#maintenance, session, capacity, except)
  }

  async take(session: string, id: string): Promise<FencedClaim | null> {
    return isTaskId(id) ? claims.take(this.#maintenance, session, id) : null
  }

  release(holds: readonly (Hold & { readonly id: string })[]): Promise<void> {
    return claims.release(this.#maintenance, holds)
  }

  async askToCancel(id: string): Promise<boolean> {
    return isTaskId(id) && claims.askToCancel(this.#maintenance, id)
  }

  cancelled(session: string): Promise<string[]> {
    return claims.cancelled(this.#maintenance, session)
  }

  async ended(ids: readonly string[]): Promise<string[]> {
    const [known, others] = [ids.filter(isTaskId), ids.filter((id) => !isTaskId(id))]
    return [...others, ...(await claims.ended(this.#maintenance, known))]
  }

  unowned(max: number): Promise<number> {
    return claims.unowned(this.#maintenance, max)
  }

  find(id: string): Promise<Task | null> {
    return this.#finder.find(id)
  }

  findByKey(key: string): Promise<Task | null> {
    return this.#finder.findByKey(key)
  }

  list(query: TaskQuery): Promise<TaskPage | null> {
    return list(this.#reads, query)
  }

  trim(now: number): Promise<boolean> {
    return this.#retention.trim(now)
  }

  notify(what: WakeUp): void {
    this.#wakeUps.notify(what)
  }

  onNotify(callback: (what: WakeUp) => void): void {
    this.#wakeUps.onNotify(callback)
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#wakeUps.close(),
      ...[this.#writes, this.#reads, this.#maintenance].map((pool) => pool.close()),
    ])
  }
}
