/** A publication refuses changes of rows that it cannot name: who has one must not stop a node. */
import { describe, expect, test } from 'bun:test'
import { begin } from '../../../src/delivery/lifecycle.ts'
import { allowRealTime } from '../../support/eventually.ts'
import { createDatabase, hasPostgres, withPostgres } from '../../support/postgres.ts'
import { makeSchema } from '../../support/old-schema.ts'
import { taskOf } from '../../support/task-states.ts'
import { NOW, queued } from '../../support/tasks.ts'
import { LEASE_MS, Node } from './opened.ts'

allowRealTime()

describe.skipIf(!hasPostgres)(`a publication for all tables of Postgres${withPostgres}`, () => {
  for (const schema of ['a new one', 'one of the first release']) {
    test(`keeps nothing from being written: ${schema}`, async () => {
      await using database = await createDatabase()
      if (schema !== 'a new one') await makeSchema(database, 1)
      await database.query('create publication everything for all tables')
      await using node = await Node.open(database.url, {
        retention: { maxFinished: 1, ttlMs: 0 },
      })
      // An empty group asks whether writing works again.
      expect(await node.commit()).toEqual([])
      const task = queued({ idempotencyKey: 'k', secretHeaders: { cookie: 'a' } })
      await node.commit(node.offer(task), node.offer(queued()))
      const claims = await node.claim()
      const { fence } = claims.find((claim) => claim.task.id === task.id)!
      expect(await node.commit(node.update(begin(task, task.targetUrl, NOW), fence))).toEqual([])
      const done = taskOf('success', { id: task.id })
      expect(await node.commit(node.update(done, fence))).toEqual([])
      expect(await node.database.find(task.id)).toMatchObject({ status: 'success' })
      await node.commit(node.insert(taskOf('error')), node.insert(taskOf('error')))
      while (await node.database.trim(NOW));
      expect((await node.database.list({ limit: 9, status: 'error' }))!.total).toBeLessThan(3)
      expect(await node.database.renew(node.session, LEASE_MS)).toBe(true)
      await node.database.leave(node.session)
    })
  }
})
