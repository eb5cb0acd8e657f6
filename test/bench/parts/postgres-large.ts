import { SQL } from 'bun'
import { systemClock } from '../../../src/platform/clock.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import type { FencedClaim, SharedDatabase } from '../../../src/store/shared/database.ts'
import type { TaskQuery } from '../../../src/store/store.ts'
import type { Bench } from '../bench.ts'
import { COMMON_DROPLET, RARE_DROPLET } from '../history.ts'
import { daysBefore, fillDay, fillQueue } from '../postgres/fill.ts'
import { BenchServer } from '../postgres/server.ts'
import { percentile, readable, type Limit } from '../report.ts'

const DAYS = 32
/** As many as fill half of the slots. */
const CLAIMED = 32
const SHUT = 'shut'
const WANTED: Limit = ['<', 5]
const LEASE_MS = 24 * 3600 * 1000
const ROUNDS = 200
const MAX_MS = 10_000

/** So that a fill of minutes is not all checkpoints. */
const SETTINGS = { max_wal_size: '8GB' }
const RETENTION = { maxFinished: 100_000_000, ttlMs: 0 }

const QUERIES: Record<string, TaskQuery> = {
  'no filter': { limit: 50 },
  'status, common': { limit: 50, status: 'success' },
  'status, one in 1,000': { limit: 50, status: 'timeout' },
  'droplet, common': { limit: 50, droplets: [COMMON_DROPLET] },
  'droplet, one in 20,000': { limit: 50, droplets: [RARE_DROPLET] },
  'droplet and status': { limit: 50, droplets: [COMMON_DROPLET], status: 'error' },
}

/** A million tasks that wait, and ten million that have ended: the store's own times, without HTTP. */
export async function postgresLarge(bench: Bench): Promise<void> {
  await using server = await BenchServer.start(SETTINGS)
  const url = await server.createDatabase()
  const database = await openPostgres(url, RETENTION, { clock: systemClock })
  await using stack = new AsyncDisposableStack()
  stack.defer(() => database.close())
  const session = await database.join({ name: 'bench', version: '0' }, LEASE_MS)
  await using sql = new SQL(url, { max: 1 })
  const scale = bench.quick ? 0.02 : 1
  const now = Date.now()
  await fillHistory(sql, now, 10_000_000 * scale)
  await database.trim(now)
  await sql.unsafe('vacuum analyze')
  await measureReads(bench, database, sql)
  const count = 1_000_000 * scale
  const first = 20_000_000
  const claim = claimer(bench, database, session)
  await fillQueue(sql, { from: now - 60_000, first, count, droplet: null })
  await claim(`of ${count.toLocaleString('en')} that wait`, [])
  await fillQueue(sql, { from: now - 120_000, first: 2 * first, count, droplet: SHUT })
  await claim('past as many older ones of a droplet that is shut', [SHUT])
  await measureLists(bench, database, 'with all that wait, ')
}

async function fillHistory(sql: SQL, now: number, count: number): Promise<void> {
  const each = count / DAYS
  for (const [index, day] of daysBefore(now, DAYS).entries()) {
    await fillDay(sql, day, index * each, each)
  }
}

function claimer({ report }: Bench, database: SharedDatabase, session: string) {
  let number = 0
  return async (how: string, except: readonly string[]) => {
    let taken: FencedClaim[] = []
    const ms = await times(async () => {
      taken = await database.claim(session, CLAIMED, except, ++number)
      if (taken.length !== CLAIMED) throw new Error(`${taken.length} tasks were claimed`)
    })
    if (taken.some(({ task }) => except.includes(task.dropletName))) throw new Error('left out?')
    report.add(`claim ${CLAIMED} ${how}, p50`, percentile(ms, 50), 'ms', WANTED)
    report.add(`claim ${CLAIMED} ${how}, p99`, percentile(ms, 99), 'ms')
  }
}

async function measureReads(bench: Bench, database: SharedDatabase, sql: SQL): Promise<void> {
  const [size] = await sql.unsafe('select pg_database_size(current_database())::int8 as bytes')
  const gigabytes = (Number(size.bytes) / 2 ** 30).toFixed(1)
  const { total } = (await database.list({ limit: 1 }))!
  bench.report.add('tasks that have ended', total!, '', null, `${gigabytes} GB, ${DAYS} days`)
  const some = await sql.unsafe(`select id from orchestrator.history tablesample system (0.01)
    order by random() limit ${ROUNDS}`)
  let next = 0
  const ms = await times(async () => {
    const found = await database.find(some[next++ % some.length].id)
    if (!found) throw new Error('a task is not found')
  })
  bench.report.add('by id, p50', percentile(ms, 50), 'ms', WANTED)
  bench.report.add('by id, p99', percentile(ms, 99), 'ms')
  await measureLists(bench, database, '')
}

async function measureLists(
  { report }: Bench,
  database: SharedDatabase,
  when: string,
): Promise<void> {
  for (const [name, query] of Object.entries(QUERIES)) {
    for (const counted of [true, false]) {
      const ms = await times(() => database.list({ ...query, counted }))
      const title = `${when}list, ${name}${counted ? '' : ', not counted'}`
      report.add(
        `${title}, p50`,
        percentile(ms, 50),
        'ms',
        null,
        `p99 ${readable(percentile(ms, 99))} ms`,
      )
    }
  }
}

/** How long each took, ms; fewer where they take long. */
async function times(work: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = []
  const begin = performance.now()
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    await work()
    // The first ones make the plan.
    if (round >= 10) all.push(performance.now() - start)
    if (all.length >= 20 && performance.now() - begin > MAX_MS) break
  }
  return all
}
