import { describe, expect, test } from 'bun:test'
import type { DeadNode } from '../../../src/store/shared/work.ts'
import { eventually, allowRealTime } from '../../support/eventually.ts'
import { hasPostgres, withPostgres, type TestDatabase } from '../../support/postgres.ts'
import { queued, running } from '../../support/tasks.ts'
import { LEASE_MS, withNodes, type Node } from './opened.ts'

allowRealTime()

/** Its lease has run out, by the database's clock; the server itself runs for longer than that. */
async function expire({ session }: Node, database: TestDatabase): Promise<void> {
  await database.query(
    `update orchestrator.nodes set lease_until = now() - interval '1 ms' where session = $1`,
    [session],
  )
}

const EXPIRED_MS = 1

/** The server must have run for as long as a lease. */
async function declaresOneDead({ database, session }: Node): Promise<boolean> {
  return (await database.declareDead(session, EXPIRED_MS)).length === 1
}

describe.skipIf(!hasPostgres)(`sessions in Postgres${withPostgres}`, () => {
  test('live for as long as they are renewed', () =>
    withNodes(2, async ([one, other], database) => {
      expect(await one!.database.renew(one!.session, LEASE_MS)).toBe(true)
      const seen = await one!.database.nodes(one!.session)
      expect(seen.map(({ name, isSelf }) => [name, isSelf])).toEqual([
        ['node', true],
        ['node', false],
      ])
      expect(seen[0]!.seenAgoMs).toBeGreaterThanOrEqual(0)
      await expire(other!, database)
      expect(await one!.database.nodes(one!.session)).toHaveLength(1)
      expect(await one!.database.nodes('')).toMatchObject([{ isSelf: false }])
      // Nobody has declared it dead.
      expect(await other!.database.renew(other!.session, LEASE_MS)).toBe(true)
    }))

  test('are declared dead for ever, and give up their tasks in steps', () =>
    withNodes(2, async ([dead, living], database) => {
      const tasks = [...Array.from({ length: 5 }, () => running()), queued()]
      await dead!.commit(...tasks.map((task) => dead!.insert(task)))
      await living!.commit(living!.insert(queued()))
      await expire(dead!, database)
      await eventually('declared dead', () => declaresOneDead(living!))
      const rescue = () => living!.database.rescue(4)
      expect([await rescue(), await rescue(), await rescue()]).toEqual([4, 2, 0])
      expect(await dead!.database.renew(dead!.session, LEASE_MS)).toBe(false)
      expect((await living!.claimedIds()).length).toBe(6)
      const refused = await dead!.commit(...tasks.map((task) => dead!.update(task)))
      expect(refused.map(({ reason }) => reason)).toEqual(Array(6).fill('not owned'))
    }))

  test('are told of as dead to one of those who look, with what they owned', () =>
    withNodes(4, async ([dead, idle, ...living], database) => {
      const given = queued()
      const synchronous = running({ mode: 'sync' })
      const tasks = [running(), synchronous, given, queued()]
      await dead!.commit(...tasks.map((task) => dead!.insert(task)))
      await dead!.database.release([{ id: given.id, ...dead!.hold() }])
      for (const node of [dead!, idle!]) await expire(node, database)
      await database.query(
        `update orchestrator.nodes set seen = now() - interval '31 s' where session = $1`,
        [dead!.session],
      )
      const told: DeadNode[] = []
      await eventually('both are told of', async () => {
        const looks = living.map((node) => node.database.declareDead(node.session, EXPIRED_MS))
        told.push(...(await Promise.all(looks)).flat())
        return told.length >= 2
      })
      for (const node of living) {
        expect(await node.database.declareDead(node.session, EXPIRED_MS)).toEqual([])
      }
      expect(told).toHaveLength(2)
      const ofDead = told.find(({ session }) => session === dead!.session)!
      expect(ofDead).toMatchObject({ name: 'node', asyncTasks: 2, syncTasks: 1 })
      expect(ofDead.seenAgoMs).toBeWithin(31_000, 600_000)
      const ofIdle = told.find(({ session }) => session === idle!.session)!
      expect(ofIdle).toMatchObject({ asyncTasks: 0, syncTasks: 0 })
    }))

  test('are not declared dead within a lease of the start of the server', () =>
    withNodes(2, async ([dead, living], database) => {
      await dead!.commit(dead!.insert(queued()))
      await expire(dead!, database)
      expect(await living!.database.declareDead(living!.session, 1_000_000_000)).toEqual([])
      expect(await dead!.database.renew(dead!.session, LEASE_MS)).toBe(true)
    }))

  test('give back all when they end, and what came to them too late as well', () =>
    withNodes(2, async ([one, other], database) => {
      const tasks = Array.from({ length: 600 }, () => queued())
      await one!.commit(...tasks.map((task) => one!.insert(task)))
      await one!.database.leave(one!.session)
      expect(await other!.database.unowned(1000)).toBe(600)
      const late = queued()
      await one!.commit(one!.insert(late))
      expect(await other!.database.unowned(1000)).toBe(601)
      await one!.database.leave(one!.session)
      const rows = await database.query('select dead from orchestrator.nodes order by dead')
      expect(rows.map(({ dead }) => dead)).toEqual([false, true])
    }))

  test('are not declared dead by one that could not renew itself, as after a standstill', () =>
    withNodes(2, async ([one, other], database) => {
      await one!.commit(one!.insert(queued()))
      await expire(one!, database)
      await eventually('the server runs for long enough', async () => {
        const [row] = await database.query(
          `select now() > pg_postmaster_start_time() + interval '2 s' as ok`,
        )
        return row.ok
      })
      const asker = (until: string) =>
        database.query(
          `update orchestrator.nodes set lease_until = now() + interval '${until}' where session = $1`,
          [other!.session],
        )
      await asker('0.9 s')
      expect(await other!.database.declareDead(other!.session, 2000)).toEqual([])
      await asker('1 hour')
      expect(await other!.database.declareDead(other!.session, 2000)).toHaveLength(1)
    }))

  test('are forgotten when nothing can come to them any more', () =>
    withNodes(2, async ([one, other], database) => {
      await one!.commit(one!.insert(queued()))
      await one!.database.leave(one!.session)
      await database.query(`update orchestrator.nodes set seen = now() - interval '61 minutes'`)
      await other!.database.rescue(9)
      const rows = await database.query('select session from orchestrator.nodes')
      expect(rows.map(({ session }) => session)).toEqual([other!.session])
    }))
})
