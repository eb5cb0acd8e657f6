import { expect, test } from 'bun:test'
import { interrupt } from '../../src/delivery/lifecycle.ts'
import { IdempotencyKeys } from '../../src/tasks/idempotency.ts'
import type { OrchestratorError } from '../../src/errors.ts'
import type { Task } from '../../src/task.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { failureOf } from '../support/failure.ts'
import { taskOf } from '../support/task-states.ts'
import { NOW, running } from '../support/tasks.ts'

const keysOver = (task: Task | null) => new IdempotencyKeys(async () => task)

/** A request for which a text stands. Its caller may see tasks of `echo` only. */
const request = (taskId: string, text: string, dropletName = 'echo') => ({
  taskId,
  dropletName,
  fingerprint: { text, matches: (stored: string | null) => stored === text },
  maySee: (name: string) => name.toLowerCase() === 'echo',
})

test('a key is free again once it is released', async () => {
  const keys = keysOver(null)
  const first = await keys.use('k', request('task-1', 'print'))
  keys.accepted('k')
  expect(await failureOf(keys.use('k', request('task-2', 'print')))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_IN_USE',
    details: { task_id: 'task-1' },
  })
  expect(await failureOf(keys.use('k', request('task-2', 'other')))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
    details: { task_id: 'task-1' },
  })
  if (first.kind !== 'first') throw new Error('it came first')
  first.release()
  expect((await keys.use('k', request('task-3', 'other'))).kind).toBe('first')
})

test('a store that cannot be read does not keep the key', async () => {
  let broken = true
  const keys = new IdempotencyKeys(async () => {
    if (broken) throw new Error('disk I/O error')
    return null
  })
  const both = [keys.use('k', request('a', 'print')), keys.use('k', request('b', 'print'))]
  for (const each of both) expect((await failureOf(each)).message).toBe('disk I/O error')
  broken = false
  expect((await keys.use('k', request('c', 'print'))).kind).toBe('first')
})

test('an interrupted task is run again by its own request only', async () => {
  const orphan = interrupt(running({ idempotencyKey: 'k', fingerprint: 'print' }), {
    now: NOW,
    elapsedMs: 1,
  })
  expect(await keysOver(orphan).use('k', request('new', 'print'))).toMatchObject({
    kind: 'first',
    previous: orphan,
  })
  expect(await failureOf(keysOver(orphan).use('k', request('new', 'other')))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
    details: { task_id: orphan.id },
  })
  const ended = taskOf('error', { idempotencyKey: 'k', fingerprint: 'print' })
  expect(await keysOver(ended).use('k', request('new', 'print'))).toEqual({
    kind: 'repeated',
    task: ended,
  })
})

test('who may not see the task that has the key is not told its id', async () => {
  const keys = keysOver(null)
  await keys.use('k', request('task-1', 'print', 'secret'))
  keys.accepted('k')
  const stored = taskOf('success', { idempotencyKey: 'k', dropletName: 'secret' })
  for (const each of [keys, keysOver(stored)]) {
    const refused = await failureOf(each.use('k', request('task-2', 'other')))
    const { code, details } = refused as OrchestratorError
    expect([code, details]).toEqual(['IDEMPOTENCY_KEY_REUSED', {}])
  }
})

test('a wrong request just before it does not keep the right one from running again', async () => {
  const moment = { now: NOW, elapsedMs: 1 }
  const orphan = interrupt(running({ idempotencyKey: 'k', fingerprint: 'print' }), moment)
  const keys = keysOver(orphan)
  const texts = ['other', 'print', 'other', 'print']
  const uses = texts.map((text, index) => keys.use('k', request(`new-${index}`, text)))
  await uses[1]
  keys.accepted('k')
  const ends = await Promise.allSettled(uses)
  expect(ends[1]).toMatchObject({ value: { kind: 'first', previous: orphan } })
  expect(ends[0]).toMatchObject({ reason: { code: 'IDEMPOTENCY_KEY_REUSED' } })
  expect(ends[2]).toMatchObject({ reason: { code: 'IDEMPOTENCY_KEY_REUSED' } })
  expect(ends[3]).toMatchObject({
    reason: { code: 'IDEMPOTENCY_KEY_IN_USE', details: { task_id: orphan.id } },
  })
})

test('while it is not known whether there will be a task, the others wait, once', async () => {
  const clock = new FakeClock()
  const keys = keysOver(null)
  const first = await keys.use('k', request('task-1', 'print'))
  const texts = ['other', 'print', 'print']
  const told: (string | undefined)[] = []
  const uses = texts.map((text, index) => keys.use('k', request(`later-${index}`, text)))
  for (const [index, each] of uses.entries()) {
    const fault = ({ details }: OrchestratorError) => `refused for ${details.task_id}`
    void each.then(({ kind }) => kind, fault).then((text) => (told[index] = text))
  }
  await clock.settle()
  expect(told).toEqual([])
  if (first.kind !== 'first') throw new Error('it came first')
  first.release()
  await clock.settle()
  // They have waited once: for each other, they might for ever.
  expect(told).toEqual(['first', 'refused for later-0', 'refused for later-0'])
})
