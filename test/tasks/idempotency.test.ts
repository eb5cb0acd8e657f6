import { expect, test } from 'bun:test'
import { interrupt } from '../../src/delivery/lifecycle.ts'
import { IdempotencyKeys } from '../../src/tasks/idempotency.ts'
import type { Task } from '../../src/task.ts'
import { failureOf } from '../support/failure.ts'
import { taskOf } from '../support/task-states.ts'
import { NOW, running } from '../support/tasks.ts'

const keysOver = (task: Task | null) => new IdempotencyKeys(async () => task)

/** A fingerprint that a text stands for. */
const print = (text: string) => ({ text, matches: (stored: string | null) => stored === text })

test('a key is free again once it is released', async () => {
  const keys = keysOver(null)
  const first = await keys.use('k', 'task-1', print('print'))
  expect(await failureOf(keys.use('k', 'task-2', print('print')))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_IN_USE',
    details: { task_id: 'task-1' },
  })
  expect(await failureOf(keys.use('k', 'task-2', print('other')))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  })
  if (first.kind !== 'first') throw new Error('it came first')
  first.release()
  expect((await keys.use('k', 'task-3', print('other'))).kind).toBe('first')
})

test('a store that cannot be read does not keep the key', async () => {
  let broken = true
  const keys = new IdempotencyKeys(async () => {
    if (broken) throw new Error('disk I/O error')
    return null
  })
  const both = [keys.use('k', 'a', print('print')), keys.use('k', 'b', print('print'))]
  for (const each of both) expect((await failureOf(each)).message).toBe('disk I/O error')
  broken = false
  expect((await keys.use('k', 'c', print('print'))).kind).toBe('first')
})

test('an interrupted task is run again by its own request only', async () => {
  const orphan = interrupt(running({ idempotencyKey: 'k', fingerprint: 'print' }), {
    now: NOW,
    elapsedMs: 1,
  })
  expect(await keysOver(orphan).use('k', 'new', print('print'))).toMatchObject({
    kind: 'first',
    previous: orphan,
  })
  expect(await failureOf(keysOver(orphan).use('k', 'new', print('other')))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  })
  const ended = taskOf('error', { idempotencyKey: 'k', fingerprint: 'print' })
  expect(await keysOver(ended).use('k', 'new', print('print'))).toEqual({
    kind: 'repeated',
    task: ended,
  })
})
