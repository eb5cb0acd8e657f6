/** Databases that several processes share, without a driver above them. */
import { systemClock } from '../../../src/platform/clock.ts'
import { postgresClient, type PostgresClient } from '../../../src/platform/postgres.ts'
import type { Clock } from '../../../src/ports.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import { Pool } from '../../../src/store/postgres/pool.ts'
import type { Hold, SharedDatabase, SharedWrite } from '../../../src/store/shared/database.ts'
import type { Retention } from '../../../src/store/store.ts'
import type { Task } from '../../../src/task.ts'
import { createDatabase, type TestDatabase } from '../../support/postgres.ts'
import { NOW } from '../../support/tasks.ts'

export const LEASE_MS = 60_000

/** One process, as the database sees it. */
export class Node implements AsyncDisposable {
  #steps = 0
  #claims = 0

  constructor(
    readonly database: SharedDatabase,
    readonly session: string,
  ) {}

  static async open(url: string, options: { retention?: Retention; clock?: Clock } = {}) {
    const { retention = { maxFinished: 10_000, ttlMs: 0 }, clock = systemClock } = options
    const database = await openPostgres(url, retention, { clock })
    return new Node(database, await database.join({ name: 'node', version: '1.0.0' }, LEASE_MS))
  }

  hold(fence = 1): Hold {
    return { session: this.session, fence, step: ++this.#steps }
  }

  insert(task: Task, overrides: Partial<SharedWrite> = {}): SharedWrite {
    return { kind: 'insert', task, hold: this.hold(), waitMs: 0, ...overrides }
  }

  /** For anyone, due after `waitMs`. */
  offer(task: Task, waitMs = 0): SharedWrite {
    return this.insert(task, { hold: null, waitMs })
  }

  update(task: Task, fence = 1): SharedWrite {
    return this.insert(task, { kind: 'update', hold: this.hold(fence) })
  }

  resume(task: Task): SharedWrite {
    return this.insert(task, { kind: 'resume' })
  }

  commit(...writes: SharedWrite[]) {
    return this.database.commit(writes, NOW)
  }

  claim(capacity = 100, except: string[] = []) {
    return this.database.claim(this.session, capacity, except, ++this.#claims)
  }

  async claimedIds(capacity?: number, except?: string[]): Promise<string[]> {
    return (await this.claim(capacity, except)).map(({ task }) => task.id)
  }

  take(id: string) {
    return this.database.take(this.session, id, ++this.#claims)
  }

  async [Symbol.asyncDispose]() {
    await this.database.close()
  }
}

/** As many processes over one new database; `work` has them, and it. */
export async function withNodes(
  count: number,
  work: (nodes: Node[], database: TestDatabase) => Promise<void>,
  retention?: Retention,
): Promise<void> {
  await using database = await createDatabase()
  await using stack = new AsyncDisposableStack()
  const nodes: Node[] = []
  for (let n = 0; n < count; n++) {
    nodes.push(stack.use(await Node.open(database.url, retention ? { retention } : {})))
  }
  await work(nodes, database)
}

/** A pool of one connection, whose client does some things as `change` says. */
export function poolOver(
  { url }: TestDatabase,
  change: (client: PostgresClient) => Partial<PostgresClient>,
): Pool & AsyncDisposable {
  const client = postgresClient(url, 'test', 1)
  const pool = new Pool(() => ({ ...client, ...change(client) }), 1, systemClock)
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.close() })
}
