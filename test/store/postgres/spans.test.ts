/** A history of many days: which of them a statement looks at. */
import { describe, expect, test } from 'bun:test'
import { interrupt, resume } from '../../../src/delivery/lifecycle.ts'
import { dayAt, firstIdOf } from '../../../src/store/postgres/days.ts'
import { Lists } from '../../../src/store/postgres/list.ts'
import { ALL, spanOf, spansBack } from '../../../src/store/postgres/spans.ts'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import type { TaskPage, TaskQuery } from '../../../src/store/store.ts'
import type { Task } from '../../../src/task.ts'
import { allowRealTime } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  createDatabase,
  hasPostgres,
  withPostgres,
  type TestDatabase,
} from '../../support/postgres.ts'
import { lockTable } from '../../support/table-lock.ts'
import { after, taskOf } from '../../support/task-states.ts'
import { newTask, queued, running } from '../../support/tasks.ts'
import { Node, poolOver } from './opened.ts'

allowRealTime()

const DAY_MS = 86_400_000
const NOW = Date.parse('2026-11-26T12:00:00Z')
const TODAY = dayAt(NOW)

test('spans have all ids, each once, the newest first', () => {
  for (const oldest of [TODAY + 5, TODAY, TODAY - 7, TODAY - 20, TODAY - 100, TODAY - 900]) {
    const spans = [...spansBack(TODAY, oldest)]
    expect(spans[0]!.to).toBeNull()
    expect(spans.slice(1).map(({ to }) => to)).toEqual(spans.slice(0, -1).map(({ from }) => from))
    expect(spans.at(-1)!.from).toBeNull()
    // No more than are needed: the last but one ends with younger days than the oldest.
    for (const { from } of spans.slice(0, -1)) expect(from! > firstIdOf(oldest)).toBe(true)
    expect(spans.length).toBeLessThan(20)
  }
  expect([...spansBack(TODAY, Infinity)]).toEqual([ALL])
})

test('spans keep their bounds for days, so that plans are kept', () => {
  const boundsOn = (day: number) => JSON.stringify([...spansBack(day, TODAY - 100)])
  const first = TODAY - (TODAY % 8)
  expect(boundsOn(first + 7)).toBe(boundsOn(first))
  expect(boundsOn(first + 8)).not.toBe(boundsOn(first))
})

test('the span of an id has it', () => {
  for (let daysAgo = 0; daysAgo < 20; daysAgo++) {
    const id = Bun.randomUUIDv7('hex', NOW - daysAgo * DAY_MS)
    const { from, to } = spanOf(id)
    expect(from! <= id && id < to!).toBe(true)
  }
})

const idOf = (daysAgo: number) => Bun.randomUUIDv7('hex', NOW - daysAgo * DAY_MS)

/** Days ago, of the tasks that there are. */
const AGES = [0, 1, 9, 15, 16, 17, 30, 47, 48, 60, 100, 101, 140]

interface LongHistory {
  readonly node: Node
  readonly database: TestDatabase
  /** Ids, the newest first: of the finished tasks, of the others, of all, and of the droplet `old`. */
  readonly ended: readonly string[]
  readonly live: readonly string[]
  readonly both: readonly string[]
  readonly old: readonly string[]
}

async function withLongHistory(work: (history: LongHistory) => Promise<void>): Promise<void> {
  await using database = await createDatabase()
  await using node = await Node.open(database.url, { clock: new FakeClock(NOW) })
  const finished = AGES.map((age) =>
    taskOf('success', { id: idOf(age), requestId: 'one', dropletName: age > 99 ? 'old' : 'new' }),
  )
  const waiting = [2, 55, 120].map((age) => queued({ id: idOf(age), requestId: 'two' }))
  await node.commit(...[...finished, ...waiting].map((task) => node.insert(task)))
  const ended = finished.map(({ id }) => id)
  const live = waiting.map(({ id }) => id)
  const both = [...ended, ...live].sort().reverse()
  await work({ node, database, ended, live, both, old: ended.slice(-3) })
}

async function walk(lists: Pick<SharedDatabase, 'list'>, query: TaskQuery): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: TaskPage = (await lists.list(cursor === '' ? query : { ...query, cursor }))!
    expect(page.tasks.length).toBeLessThanOrEqual(query.limit)
    ids.push(...page.tasks.map(({ id }) => id))
    cursor = page.nextCursor
  }
  return ids
}

describe.skipIf(!hasPostgres)(`a history of many days in Postgres${withPostgres}`, () => {
  test('is listed whole, in its order, whatever is asked for', () =>
    withLongHistory(async ({ node, both, ended, live, old }) => {
      for (const [query, ids] of [
        [{}, both],
        [{ status: 'success' }, ended],
        [{ status: 'queued' }, live],
        [{ droplets: ['old'] }, old],
        [{ requestId: 'one' }, ended],
        [{ requestId: 'two' }, live],
        [{ createdFrom: 0 }, both],
      ] as const) {
        for (const limit of [1, 3, 50])
          expect(await walk(node.database, { ...query, limit })).toEqual([...ids])
        expect((await node.database.list({ ...query, limit: 1 }))!.total).toBe(ids.length)
      }
      for (const id of both) expect(await node.database.find(id)).toMatchObject({ id })
      expect(await node.database.find(Bun.randomUUIDv7('hex', NOW - 77 * DAY_MS))).toBeNull()
    }))

  test.each([1, 4, 50])(
    'has each task once, though all begin or end after each statement, in pages of %i',
    async (limit) => {
      await using database = await createDatabase()
      await using node = await Node.open(database.url)
      const tasks = AGES.map((age) => running({ id: idOf(age) }))
      await node.commit(...tasks.map((task) => node.insert(task)))
      let [open, over] = [tasks, [] as readonly Task[]]
      const exchange = async (ending: readonly Task[]) => {
        const ended = ending.map((task) => interrupt(task, after(5)))
        const resumed = over.map((task) => resume(task, newTask(), NOW))
        open = [...open.filter((task) => !ending.includes(task)), ...resumed]
        over = ended
        const updates = ended.map((task) => node.update(task))
        expect(await node.commit(...updates, ...resumed.map((task) => node.resume(task)))).toEqual(
          [],
        )
      }
      await exchange(tasks.filter((_, index) => index % 2 === 0))
      await using pool = poolOver(database, (client) => ({
        async query(...args) {
          const rows = await client.query(...args)
          await exchange(open)
          return rows
        },
      }))
      const lists = new Lists(pool, 1, () => spansBack(TODAY, TODAY - AGES.at(-1)!))
      const newestFirst = tasks.map(({ id }) => id)
      expect(await walk(lists, { limit, counted: false })).toEqual(newestFirst)
    },
  )

  test('is not looked through for what is new, nor for one task', () =>
    withLongHistory(async ({ node, database, both, old }) => {
      const days = await database.query(`select c.relname as name from pg_inherits i
      join pg_class c on c.oid = i.inhrelid order by 1`)
      const oldest = days.find(({ name }) => name.startsWith('history_'))!
      await using lock = await lockTable(
        database,
        `orchestrator.${oldest.name}`,
        'access exclusive',
      )
      const page = (await node.database.list({ limit: 3, counted: false }))!
      expect(page.tasks.map(({ id }) => id)).toEqual(both.slice(0, 3))
      expect(await node.database.find(both[0]!)).toMatchObject({ id: both[0] })
      const waits = node.database.find(old.at(-1)!)
      await lock.waiting('orchestrator.payload', 1)
      await lock.release()
      expect(await waits).toMatchObject({ id: old.at(-1) })
    }))
})
