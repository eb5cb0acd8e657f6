/** A later release adds to the schema while nodes of this one work. */
import { describe, expect, test } from 'bun:test'
import { allowRealTime } from '../../support/eventually.ts'
import { hasPostgres, withPostgres } from '../../support/postgres.ts'
import { taskOf } from '../../support/task-states.ts'
import { NOW, queued, running } from '../../support/tasks.ts'
import { withNodes, type Node } from './opened.ts'

allowRealTime()

const TABLES = ['nodes', 'live', 'payload', 'secrets', 'history', 'keys', 'counts']

/** All that a node asks for. */
async function worksOn(node: Node): Promise<void> {
  const [mine, offered] = [running({ idempotencyKey: Bun.randomUUIDv7() }), queued()]
  const inserted = node.insert(mine)
  expect(await node.commit(inserted, node.offer(offered))).toEqual([])
  expect(await node.claimedIds(9, ['none'])).toEqual([offered.id])
  await node.database.release([{ id: offered.id, ...node.hold(2) }])
  expect(await node.claimedIds()).toEqual([offered.id])
  expect(await node.commit(node.update(mine))).toEqual([])
  expect(await node.database.find(mine.id)).toEqual(mine)
  expect(await node.database.findByKey(mine.idempotencyKey!)).toEqual(mine)
  for (const [task, fence] of [[mine, 1] as const, [offered, 3] as const]) {
    const ended = { ...taskOf('success'), id: task.id }
    expect(await node.commit(node.update(ended, fence))).toEqual([])
  }
  const page = await node.database.list({ status: 'success', limit: 9 })
  expect(page!.tasks.map(({ id }) => id)).toContain(mine.id)
  await node.database.undo(node.session, [{ id: mine.id, step: inserted.hold!.step }], NOW)
  expect(await node.database.renew(node.session, 60_000)).toBe(true)
  expect(await node.database.nodes(node.session)).toHaveLength(1)
  await node.database.declareDead(node.session, 1)
  await node.database.rescue(9)
  await node.database.trim(NOW)
}

describe.skipIf(!hasPostgres)(`a schema that a later release has added to${withPostgres}`, () => {
  test('does not disturb a node that works', () =>
    withNodes(1, async ([node], database) => {
      // Often enough for plans to be kept.
      for (let times = 0; times < 6; times++) await worksOn(node!)
      for (const table of TABLES) {
        await database.query(`alter table orchestrator.${table} add column later text`)
      }
      await database.query('create index on orchestrator.live (later)')
      await database.query('update orchestrator.meta set version = version + 1')
      await worksOn(node!)
    }))
})
