import { describe, expect, test } from 'bun:test'
import { begin, conclude } from '../../../src/delivery/lifecycle.ts'
import { SQL } from 'bun'
import type { Task } from '../../../src/task.ts'
import { allowRealTime } from '../../support/eventually.ts'
import { hasPostgres, withPostgres } from '../../support/postgres.ts'
import { after } from '../../support/task-states.ts'
import { NOW, queued, running } from '../../support/tasks.ts'
import { withNodes } from './opened.ts'

allowRealTime()

/** No test takes as long. */
const HOUR_MS = 3_600_000

const many = (count: number, dropletName = 'Echo') =>
  Array.from({ length: count }, () => queued({ dropletName }))

describe.skipIf(!hasPostgres)(`claims from Postgres${withPostgres}`, () => {
  test('of several at once give each task to one', () =>
    withNodes(3, async (nodes) => {
      const tasks = many(200)
      await nodes[0]!.commit(...tasks.map((task) => nodes[0]!.offer(task)))
      const claimed = await Promise.all(
        Array.from({ length: 30 }, (_, n) => nodes[n % 3]!.claimedIds(7)),
      )
      expect(claimed.every((ids) => ids.length <= 7)).toBe(true)
      expect(claimed.flat().sort()).toEqual(tasks.map(({ id }) => id))
    }))

  test('pass over what another one is about to take, and do not wait', () =>
    withNodes(1, async ([node], database) => {
      const tasks = many(9)
      await node!.commit(...tasks.map((task) => node!.offer(task)))
      await using sql = new SQL(database.url, { max: 1 })
      await sql.unsafe('begin')
      await sql.unsafe(`select id from orchestrator.live order by id limit 4 for update`)
      const ids = tasks.map(({ id }) => id)
      expect(await node!.claimedIds(2, ['other'])).toEqual(ids.slice(4, 6))
      expect(await node!.claimedIds(9)).toEqual(ids.slice(6))
      await sql.unsafe('rollback')
      expect(await node!.claimedIds(9, ['other'])).toEqual(ids.slice(0, 4))
    }))

  test('take what is due within a second, the oldest due first, and tell how long it waits', () =>
    withNodes(1, async ([node]) => {
      const [late, soon, now] = many(3)
      const group = [node!.offer(late!, HOUR_MS), node!.offer(soon!, 900), node!.offer(now!)]
      await node!.commit(...group)
      expect(await node!.claimedIds(1)).toEqual([now!.id])
      const [claim] = await node!.claim()
      expect(claim).toMatchObject({ task: { id: soon!.id }, fence: 2 })
      expect(claim!.waitMs).toBeGreaterThanOrEqual(0)
      expect(claim!.waitMs).toBeLessThanOrEqual(900)
      expect(claim!.ageMs).toBeGreaterThanOrEqual(0)
      expect(await node!.claimedIds()).toEqual([])
      const taken = await node!.take(late!.id)
      expect(taken).toMatchObject({ task: { id: late!.id, dueAt: NOW }, fence: 2 })
      expect(taken!.waitMs).toBeGreaterThan(900)
      expect(await node!.take(late!.id)).toBeNull()
    }))

  test('tell for how long each has been due, the oldest due first', () =>
    withNodes(1, async ([node], database) => {
      const [newer, older, interrupted] = [queued(), queued(), running()]
      await node!.commit(...[newer, older, interrupted].map((task) => node!.offer(task)))
      await database.query(
        `update orchestrator.live set claim_at = now() - interval '1 min' * case id
          when $1 then 2 when $2 then 5 else 9 end`,
        [newer.id, older.id],
      )
      const claims = await node!.claim()
      expect(claims.map(({ task }) => task.id)).toEqual([interrupted.id, older.id, newer.id])
      const [first, second, third] = claims.map(({ waitMs }) => waitMs)
      // It was under way until now.
      expect(first).toBe(0)
      expect(second).toBeWithin(-420_000, -299_999)
      expect(third).toBeWithin(-240_000, -119_999)
    }))

  test.each(['few', 'more than are asked for'])('leave droplets out, of which %s wait', (how) =>
    withNodes(1, async ([node]) => {
      const shut = many(how === 'few' ? 3 : 150, 'Shut')
      const names = ['A', 'B', 'É']
      const open = Array.from({ length: 30 }, (_, n) => queued({ dropletName: names[n % 3]! }))
      const later = queued({ dropletName: 'A' })
      const offers = [...shut, ...open].map((task) => node!.offer(task))
      await node!.commit(...offers, node!.offer(later, HOUR_MS))
      const except = ['shut', 'nobody', 'é']
      const wanted = open.filter(({ dropletName }) => dropletName !== 'É').map(({ id }) => id)
      expect(await node!.claimedIds(15, except)).toEqual(wanted.slice(0, 15))
      expect(await node!.claimedIds(15, except)).toEqual(wanted.slice(15))
      expect(await node!.claimedIds(15, except)).toEqual([])
      expect(await node!.claimedIds(200)).toHaveLength(shut.length + 10)
    }),
  )

  test('of a session that is dead take nothing', () =>
    withNodes(1, async ([node]) => {
      const [task] = many(1)
      await node!.commit(node!.offer(task!))
      await node!.database.leave(node!.session)
      expect(await node!.claimedIds()).toEqual([])
      expect(await node!.take(task!.id)).toBeNull()
      expect(await node!.database.unowned(9)).toBe(1)
    }))

  test('end with a release: a place in the order is kept, and the next owner has another fence', () =>
    withNodes(2, async ([one, other]) => {
      const [first, second] = many(2)
      await one!.commit(one!.insert(first!), one!.offer(second!))
      await one!.commit(one!.update(begin(first!, first!.targetUrl, NOW)))
      const wrong = { id: first!.id, ...one!.hold(2) }
      await one!.database.release([wrong, { ...wrong, id: second!.id }])
      expect(await other!.claimedIds()).toEqual([second!.id])
      await one!.database.release([{ ...one!.hold(), id: first!.id }])
      const [claim] = await other!.claim()
      expect(claim).toMatchObject({ task: { id: first!.id }, fence: 2, waitMs: 0 })
      expect(await one!.commit(one!.update(first!))).toEqual([{ index: 0, reason: 'not owned' }])
    }))

  test('bring what has passed its deadline besides, of droplets that are left out, too', () =>
    withNodes(1, async ([node]) => {
      const passed = queued({ dropletName: 'Shut', deadlineMs: 0 })
      const others = [queued({ dropletName: 'Shut', deadlineMs: HOUR_MS }), queued()]
      await node!.commit(...[passed, ...others].map((task) => node!.offer(task)))
      expect(await node!.claimedIds(0, ['shut'])).toEqual([passed.id])
      expect(await node!.claimedIds(1, ['shut'])).toEqual([others[1]!.id])
    }))

  test.each(['is declared dead', 'gives it back'])(
    'bring a synchronous task whose node %s, however many wait and however busy one is',
    (how) =>
      withNodes(2, async ([gone, node], database) => {
        const tasks = [...many(200, 'Older'), ...many(3, 'Shut')]
        await node!.commit(...tasks.map((task) => node!.offer(task)))
        const orphans = ['Open', 'Shut', 'Open'].map((dropletName) =>
          running({ dropletName, mode: 'sync', deadlineMs: HOUR_MS }),
        )
        const waiting = running({ dropletName: 'Shut', deadlineMs: HOUR_MS })
        await gone!.commit(...[...orphans, waiting].map((task) => gone!.insert(task)))
        if (how === 'gives it back') await gone!.database.leave(gone!.session)
        else {
          const end = 'update orchestrator.nodes set dead = true where session = $1'
          await database.query(end, [gone!.session])
          expect(await node!.database.rescue(100)).toBe(4)
        }
        const wanted = orphans.map(({ id }) => id).sort()
        expect(await node!.claimedIds(0, ['shut'])).toEqual(wanted)
        expect(await node!.claimedIds(1, ['older'])).toEqual([tasks.at(-3)!.id])
      }),
  )

  test('bring a synchronous task that came without an owner', () =>
    withNodes(1, async ([node]) => {
      const orphan = running({ mode: 'sync' })
      await node!.commit(...many(200).map((task) => node!.offer(task)), node!.offer(orphan))
      expect(await node!.claimedIds(0, ['echo'])).toEqual([orphan.id])
    }))

  test('wait after a failed attempt for as long as the owner would have', () =>
    withNodes(1, async ([node]) => {
      const task = running()
      await node!.commit(node!.insert(task))
      const failed = conclude(task, { kind: 'unreachable', error: 'x' }, 5, after(6))
      await node!.commit({ ...node!.update(failed), waitMs: HOUR_MS })
      await node!.database.release([{ id: task.id, ...node!.hold() }])
      expect(await node!.claimedIds()).toEqual([])
    }))

  test('count what nobody owns, as far as is asked for', () =>
    withNodes(1, async ([node]) => {
      await node!.commit(...many(5).map((task) => node!.offer(task)), node!.insert(queued()))
      expect(await node!.database.unowned(3)).toBe(3)
      expect(await node!.database.unowned(10_000_000)).toBe(5)
    }))

  test('know for how long the oldest has been due that nobody owns', () =>
    withNodes(1, async ([node], database) => {
      const [owned, older, newer] = [queued(), queued(), queued()]
      await node!.commit(node!.insert(owned), node!.offer(queued(), HOUR_MS))
      expect(await node!.database.unownedDueMs()).toBe(0)
      await node!.commit(node!.offer(older), node!.offer(newer))
      const dueSince = (task: Task, minutes: number) =>
        database.query(
          `update orchestrator.live set claim_at = now() - interval '1 min' * $2::int where id = $1`,
          [task.id, minutes],
        )
      await dueSince(owned, 9)
      await dueSince(older, 5)
      await dueSince(newer, 2)
      expect(await node!.database.unownedDueMs()).toBeWithin(300_000, 420_000)
    }))

  test('hear of a cancellation, and so does the next owner', () =>
    withNodes(2, async ([one, other]) => {
      const [mine, free] = many(2)
      await one!.commit(one!.insert(mine!), one!.offer(free!))
      expect(await other!.database.askToCancel(mine!.id)).toBe(true)
      expect(await other!.database.askToCancel(free!.id)).toBe(false)
      expect(await other!.database.askToCancel('nobody')).toBe(false)
      expect(await one!.database.cancelled(one!.session)).toEqual([mine!.id])
      expect(await other!.database.cancelled(other!.session)).toEqual([])
      await one!.database.release([{ id: mine!.id, ...one!.hold() }])
      const claims = await other!.claim()
      const asked = claims.filter(({ isCancelAsked }) => isCancelAsked)
      expect([claims.length, asked.map(({ task }) => task.id)]).toEqual([2, [mine!.id]])
      expect(await other!.database.cancelled(other!.session)).toEqual([mine!.id])
    }))

  test('that were lost are undone by their numbers', () =>
    withNodes(1, async ([node]) => {
      const [first, second, third] = many(3)
      await node!.commit(...[first!, second!, third!].map((task) => node!.offer(task)))
      expect(await node!.claimedIds(1)).toEqual([first!.id])
      await node!.take(second!.id)
      expect(await node!.claimedIds()).toEqual([third!.id])
      await node!.database.unclaim(node!.session, [2, 3, 99])
      expect(await node!.claimedIds()).toEqual([second!.id, third!.id])
      expect(await node!.commit(node!.update(third!, 2))).toMatchObject([{ reason: 'not owned' }])
    }))

  test('order the writes of their owner: what comes late changes nothing', () =>
    withNodes(1, async ([node]) => {
      const [task] = many(1)
      const [inserted, late] = [node!.insert(task!), node!.update(begin(task!, 'http://late', NOW))]
      const started = begin(task!, task!.targetUrl, NOW)
      const update = node!.update(started)
      expect(await node!.commit(inserted)).toEqual([])
      expect(await node!.commit(update)).toEqual([])
      expect(await node!.commit(late)).toEqual([{ index: 0, reason: 'not owned' }])
      expect(await node!.commit(update)).toEqual([])
      expect(await node!.database.find(task!.id)).toEqual(started)
    }))

  test('know of which tasks nothing is unfinished', () =>
    withNodes(1, async ([node]) => {
      const [open, done] = many(2)
      const gone = Bun.randomUUIDv7()
      await node!.commit(node!.insert(open!), node!.insert(done!))
      const answer = { kind: 'answered', status: 200, body: '1' } as const
      const end = conclude(begin(done!, done!.targetUrl, NOW), answer, 5, after(5))
      await node!.commit(node!.update(end))
      const ids = [open!.id, done!.id, gone, 'nobody']
      expect((await node!.database.ended(ids)).sort()).toEqual([done!.id, gone, 'nobody'].sort())
    }))
})
