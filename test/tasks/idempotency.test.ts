import { expect, test } from 'bun:test'
import { interrupt } from '../../src/delivery/lifecycle.ts'
import { fingerprintOf, IdempotencyKeys } from '../../src/tasks/idempotency.ts'
import type { Task } from '../../src/task.ts'
import { failureOf } from '../support/failure.ts'
import { taskOf } from '../support/task-states.ts'
import { newTask, NOW, running } from '../support/tasks.ts'

const keysOver = (task: Task | null) => new IdempotencyKeys(async () => task)

test('a fingerprint is of all that is asked for, and of nothing else', () => {
  const asked = newTask()
  const {
    id: _,
    mode,
    requestId,
    targetUrl,
    idempotencyKey,
    fingerprint,
    replayOf,
    ...request
  } = asked
  void [mode, requestId, targetUrl, idempotencyKey, fingerprint, replayOf]
  const base = fingerprintOf(request, null)
  const same = [{ ...request }, { ...request, dropletName: 'eCHO' }]
  for (const each of same) expect(fingerprintOf(each, null)).toBe(base)
  const others = [
    { ...request, dropletName: 'other' },
    { ...request, method: 'PUT' as const },
    { ...request, path: '/y' },
    { ...request, payload: '{"n":2}' },
    { ...request, payload: null },
    { ...request, meta: '{}' },
    { ...request, headers: { 'x-a': 'c' } },
    { ...request, headers: {} },
    { ...request, timeoutMs: 1 },
    { ...request, deadlineMs: 1 },
    { ...request, maxRetries: 1 },
    { ...request, delayMs: 1 },
  ]
  const prints = new Set([
    base,
    fingerprintOf(request, 'other'),
    ...others.map((each) => fingerprintOf(each, null)),
  ])
  expect(prints.size).toBe(others.length + 2)
})

test('headers in another order are the same request', () => {
  const request = newTask({ headers: { a: '1', b: '2' } })
  const turned = { ...request, headers: { b: '2', a: '1' } }
  expect(fingerprintOf(turned, null)).toBe(fingerprintOf(request, null))
})

test('a key is free again once it is released', async () => {
  const keys = keysOver(null)
  const first = await keys.use('k', 'task-1', 'print')
  expect(await failureOf(keys.use('k', 'task-2', 'print'))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_IN_USE',
    details: { task_id: 'task-1' },
  })
  expect(await failureOf(keys.use('k', 'task-2', 'other'))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  })
  if (first.kind !== 'first') throw new Error('it came first')
  first.release()
  expect((await keys.use('k', 'task-3', 'other')).kind).toBe('first')
})

test('a store that cannot be read does not keep the key', async () => {
  let broken = true
  const keys = new IdempotencyKeys(async () => {
    if (broken) throw new Error('disk I/O error')
    return null
  })
  const both = [keys.use('k', 'a', 'print'), keys.use('k', 'b', 'print')]
  for (const each of both) expect((await failureOf(each)).message).toBe('disk I/O error')
  broken = false
  expect((await keys.use('k', 'c', 'print')).kind).toBe('first')
})

test('an interrupted task is run again by its own request only', async () => {
  const orphan = interrupt(running({ idempotencyKey: 'k', fingerprint: 'print' }), {
    now: NOW,
    elapsedMs: 1,
  })
  expect(await keysOver(orphan).use('k', 'new', 'print')).toMatchObject({
    kind: 'first',
    previous: orphan,
  })
  expect(await failureOf(keysOver(orphan).use('k', 'new', 'other'))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  })
  const ended = taskOf('error', { idempotencyKey: 'k', fingerprint: 'print' })
  expect(await keysOver(ended).use('k', 'new', 'print')).toEqual({ kind: 'repeated', task: ended })
})
