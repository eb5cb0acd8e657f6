import { expect, test } from 'bun:test'
import { INTERRUPTED, type Task } from '../../../src/task.ts'
import type { Hold } from '../../../src/store/shared/database.ts'
import { queued } from '../../support/tasks.ts'
import { SharedTables } from './shared-tables.ts'
import type { TablesObserver } from './table-rows.ts'

const LEASE_MS = 30_000
const NODE = { name: 'a', version: '1' }

function tablesAt(maxFinished = 100) {
  const clock = { now: 1_000_000 }
  const told: string[] = []
  const observer: TablesObserver = {
    joined: () => {},
    renewed: () => {},
    died: (session, how) => void told.push(`${session} ${how}`),
    owned: () => {},
    claimed: () => {},
    written: () => {},
    refused: () => {},
    undone: ({ id }, what) => void told.push(`${id} ${what}`),
    forgotten: (id) => void told.push(`${id} forgotten`),
  }
  const tables = new SharedTables(() => clock.now, { maxFinished, ttlMs: 0 }, observer)
  return { tables, clock, told }
}

let ids = 0
const task = (fields: Partial<Task> = {}): Task => ({
  ...queued(),
  id: `T${++ids}`,
  ...fields,
})
const ended = (of: Task): Task => ({ ...of, status: 'success', dueAt: null, completedAt: 1 })
const insert = (of: Task, hold: Hold | null, waitMs = 0) =>
  ({ kind: 'insert', task: of, hold, waitMs }) as const
const update = (of: Task, hold: Hold | null) =>
  ({ kind: 'update', task: of, hold, waitMs: 0 }) as const
const first = (session: string, step: number): Hold => ({ session, fence: 1, step })

test('a write changes only what its session has, with its fence and in order', () => {
  const { tables } = tablesAt()
  const [a, b] = [tables.join(NODE, LEASE_MS), tables.join(NODE, LEASE_MS)]
  const one = task()
  expect(tables.commit([insert(one, first(a, 1))])).toEqual([])
  const refused = [{ index: 0, reason: 'not owned' }]
  const running: Task = { ...one, status: 'running' }
  expect(tables.commit([update(running, first(b, 9))])).toEqual(refused as never)
  expect(tables.commit([update(running, { ...first(a, 9), fence: 2 })])).toEqual(refused as never)
  expect(tables.commit([update(running, null)])).toEqual(refused as never)
  expect(tables.find(one.id)?.status).toBe('queued')
  expect(tables.commit([update(running, first(a, 3))])).toEqual([])
  // An earlier one that arrives late.
  expect(tables.commit([update(one, first(a, 2))])).toEqual(refused as never)
  expect(tables.find(one.id)?.status).toBe('running')
  expect(tables.commit([update(ended(one), first(a, 4))])).toEqual([])
  // Its answer was lost.
  expect(tables.commit([update(ended(one), first(a, 4))])).toEqual([])
  expect(tables.ended([one.id])).toEqual([one.id])
})

test('a key has one task', () => {
  const { tables } = tablesAt()
  const a = tables.join(NODE, LEASE_MS)
  const [one, two] = [task({ idempotencyKey: 'k' }), task({ idempotencyKey: 'k' })]
  expect(tables.commit([insert(one, first(a, 1)), insert(two, first(a, 2))])).toEqual([
    { index: 1, reason: 'key taken' },
  ])
  expect(tables.findByKey('k')?.id).toBe(one.id)
  expect(tables.find(two.id)).toBeNull()
})

test('what nobody owns is claimed once, the oldest due first, with the next fence', () => {
  const { tables, clock } = tablesAt()
  const [a, b] = [tables.join(NODE, LEASE_MS), tables.join(NODE, LEASE_MS)]
  const [late, soon, never] = [task(), task(), task({ dropletName: 'Shut' })]
  tables.commit([insert(late, null, 1000), insert(soon, null, 400), insert(never, null)])
  const claims = tables.claim(a, 10, ['shut'], 1)
  expect(claims.map((claim) => [claim.task.id, claim.fence, claim.waitMs])).toEqual([
    [soon.id, 2, 400],
    [late.id, 2, 1000],
  ])
  expect(tables.claim(b, 10, ['shut'], 1)).toEqual([])
  clock.now += 10
  tables.unclaim(a, [1])
  expect(tables.take(b, soon.id, 2)).toMatchObject({ fence: 3, ageMs: 10 })
  tables.release([{ id: soon.id, session: b, fence: 2, step: 5 }])
  expect(tables.take(a, soon.id, 2)).toBeNull()
  tables.release([{ id: soon.id, session: b, fence: 3, step: 5 }])
  expect(tables.unowned(10)).toBe(3)
  expect(tables.unownedDueMs()).toBe(10)
})

test('what was under way is due since before, and is given back by the step of its last write, too', () => {
  const { tables, clock } = tablesAt()
  const [a, b] = [tables.join(NODE, LEASE_MS), tables.join(NODE, LEASE_MS)]
  const one = task()
  tables.commit([insert(one, first(a, 1))])
  clock.now += 700
  tables.commit([update({ ...one, status: 'running', dueAt: null }, first(a, 2))])
  tables.release([{ id: one.id, ...first(a, 1) }])
  expect(tables.take(b, one.id, 1)).toBeNull()
  tables.release([{ id: one.id, ...first(a, 2) }])
  expect(tables.unownedDueMs()).toBe(700)
})

test('what has passed its deadline is claimed besides, of any droplet', () => {
  const { tables, clock } = tablesAt()
  const a = tables.join(NODE, LEASE_MS)
  const one = task({ dropletName: 'Shut', delayMs: 50, deadlineMs: 100 })
  tables.commit([insert(one, null, 5000)])
  clock.now += 149
  expect(tables.claim(a, 0, ['shut'], 1)).toEqual([])
  clock.now += 1
  expect(tables.claim(a, 0, ['shut'], 2).map((claim) => claim.task.id)).toEqual([one.id])
})

test('a synchronous task that lost its owner is claimed besides, of any droplet', () => {
  const { tables } = tablesAt()
  const [a, b] = [tables.join(NODE, LEASE_MS), tables.join(NODE, LEASE_MS)]
  const one = task({ dropletName: 'Shut', mode: 'sync' })
  tables.commit([insert(one, first(a, 1)), insert(task({ dropletName: 'Shut' }), null)])
  expect(tables.claim(b, 0, ['shut'], 1)).toEqual([])
  tables.leave(a)
  expect(tables.claim(b, 0, ['shut'], 2).map((claim) => claim.task.id)).toEqual([one.id])
})

test('a session is dead once its lease has run out and somebody looks, but not soon after a start', () => {
  const { tables, clock, told } = tablesAt()
  const [a, b] = [tables.join(NODE, LEASE_MS), tables.join(NODE, LEASE_MS)]
  tables.commit([insert(task(), first(a, 1))])
  clock.now += LEASE_MS - 1
  tables.renew(b, LEASE_MS)
  clock.now += 2
  tables.startedAt = clock.now
  expect(tables.declareDead(b, LEASE_MS)).toEqual([])
  clock.now += LEASE_MS
  // It stood still until now: nobody could renew.
  expect(tables.declareDead(b, LEASE_MS)).toEqual([])
  tables.renew(b, LEASE_MS)
  const dead = { session: a, name: 'a', seenAgoMs: 2 * LEASE_MS + 1, asyncTasks: 1, syncTasks: 0 }
  expect(tables.declareDead(b, LEASE_MS)).toEqual([dead])
  expect(tables.declareDead(b, LEASE_MS)).toEqual([])
  expect(tables.rescue(10)).toBe(1)
  expect(told).toEqual([`${a} run out`])
  expect(tables.renew(a, LEASE_MS)).toBe(false)
  // It arrives late: it is nobody's.
  tables.commit([insert(task(), first(a, 2))])
  const sync = task({ mode: 'sync', idempotencyKey: 'k' })
  expect(tables.commit([insert(sync, first(a, 3))])).toEqual([{ index: 0, reason: 'not owned' }])
  expect(tables.findByKey('k')).toBeNull()
  expect(tables.rescue(10)).toBe(0)
  expect(tables.unowned(10)).toBe(2)
})

test('undo takes back what was begun, and not what has gone on', () => {
  const { tables, told } = tablesAt()
  const [a, b] = [tables.join(NODE, LEASE_MS), tables.join(NODE, LEASE_MS)]
  const [mine, free, taken] = [task({ idempotencyKey: 'k' }), task(), task()]
  tables.commit([insert(mine, first(a, 1)), insert(free, null), insert(taken, null)])
  tables.take(b, taken.id, 1)
  const late = { id: mine.id, step: 2 }
  tables.undo(a, [late], 5)
  expect(told).toEqual([])
  const written = [mine, free, taken].map(({ id }, n) => ({ id, step: n === 0 ? 1 : 0 }))
  tables.undo(a, written, 5)
  expect(told).toEqual([`${mine.id} inserted`, `${free.id} inserted`])
  expect(tables.findByKey('k')).toBeNull()
  expect(tables.find(taken.id)).not.toBeNull()
})

test('an interrupted task runs again, and is interrupted again when that is undone', () => {
  const { tables } = tablesAt()
  const a = tables.join(NODE, LEASE_MS)
  const one = task()
  tables.commit([insert(one, first(a, 1))])
  const resume = { kind: 'resume', task: one, hold: first(a, 3), waitMs: 0 } as const
  expect(tables.commit([resume])).toEqual([{ index: 0, reason: 'not owned' }])
  const interrupted: Task = { ...ended(one), status: 'error', errorMessage: INTERRUPTED }
  tables.commit([update(interrupted, first(a, 2))])
  expect(tables.commit([resume])).toEqual([])
  expect(tables.find(one.id)?.status).toBe('queued')
  tables.undo(a, [{ id: one.id, step: 3 }], 5)
  expect(tables.find(one.id)).toMatchObject({ status: 'error', errorMessage: INTERRUPTED })
})

test('who wants a cancel is heard by the owner alone', () => {
  const { tables } = tablesAt()
  const [a, b] = [tables.join(NODE, LEASE_MS), tables.join(NODE, LEASE_MS)]
  const [mine, free] = [task(), task()]
  tables.commit([insert(mine, first(a, 1)), insert(free, null)])
  expect([tables.askToCancel(mine.id), tables.askToCancel(free.id)]).toEqual([true, false])
  expect([tables.cancelled(a), tables.cancelled(b)]).toEqual([[mine.id], []])
})

test('lists newest first, and forgets the oldest end first', () => {
  const { tables, told } = tablesAt(1)
  const a = tables.join(NODE, LEASE_MS)
  const [one, two, three] = [task(), task(), task()]
  tables.commit([one, two, three].map((each, n) => insert(each, first(a, n + 1))))
  expect(tables.list({ limit: 2 })).toMatchObject({ total: 3, nextCursor: two.id })
  expect(tables.list({ limit: 2, cursor: two.id })?.tasks.map(({ id }) => id)).toEqual([one.id])
  tables.commit([update(ended(two), first(a, 4)), update(ended(one), first(a, 5))])
  expect([tables.trim(), tables.trim()]).toEqual([true, false])
  expect(told).toEqual([`${two.id} forgotten`])
})
