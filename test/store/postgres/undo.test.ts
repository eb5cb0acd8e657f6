import { describe, expect, test } from 'bun:test'
import { interrupt, resume } from '../../../src/delivery/lifecycle.ts'
import { allowRealTime } from '../../support/eventually.ts'
import { hasPostgres, withPostgres } from '../../support/postgres.ts'
import { after } from '../../support/task-states.ts'
import { newTask, NOW, queued, running } from '../../support/tasks.ts'
import { withNodes } from './opened.ts'

allowRealTime()

describe.skipIf(!hasPostgres)(`what Postgres was not to have taken${withPostgres}`, () => {
  test('goes, with its key and its secrets', () =>
    withNodes(1, async ([node], database) => {
      const task = queued({ idempotencyKey: 'k', secretHeaders: { cookie: 'a' } })
      const free = queued()
      const insert = node!.insert(task)
      await node!.commit(insert, node!.offer(free))
      const { step } = insert.hold!
      const others = [free.id, Bun.randomUUIDv7(), 'x'].map((id) => ({ id, step: 0 }))
      await node!.database.undo(node!.session, [{ id: task.id, step }, ...others], NOW)
      expect((await node!.database.list({ limit: 9 }))!.total).toBe(0)
      for (const table of ['payload', 'secrets', 'keys']) {
        const [row] = await database.query(`select count(*)::int as n from orchestrator.${table}`)
        expect(row.n).toBe(0)
      }
      expect(await node!.commit(node!.insert(task))).toEqual([])
    }))

  test('ends as interrupted where it was a resume', () =>
    withNodes(1, async ([node]) => {
      const orphan = interrupt(running({ idempotencyKey: 'k' }), after(5))
      await node!.commit(node!.insert(orphan))
      const again = resume(orphan, newTask({ secretHeaders: { cookie: 'a' } }), NOW + 9)
      const failed = node!.resume(again)
      const [write, later] = [failed, node!.resume(again)].map(({ hold }) => ({
        id: orphan.id,
        step: hold!.step,
      }))
      await node!.commit(failed)
      await node!.database.undo(node!.session, [later!], NOW + 10)
      expect(await node!.database.find(orphan.id)).toMatchObject({ status: 'queued' })
      await node!.database.undo(node!.session, [write!], NOW + 20)
      const { status, errorMessage } = orphan
      const ended = { status, errorMessage, completedAt: NOW + 20, secretHeaders: { cookie: null } }
      expect(await node!.database.findByKey('k')).toMatchObject(ended)
      const page = await node!.database.list({ limit: 9, status: 'error' })
      expect([page!.total, page!.tasks.length]).toEqual([1, 1])
      expect(await node!.commit(node!.resume(again))).toEqual([])
    }))

  test('stays where somebody has had it since', () =>
    withNodes(2, async ([one, other]) => {
      const task = queued()
      await one!.commit(one!.offer(task))
      await other!.claimedIds()
      await one!.database.undo(one!.session, [{ id: task.id, step: 0 }], NOW)
      expect(await other!.commit(other!.update(task, 2))).toEqual([])
    }))
})
