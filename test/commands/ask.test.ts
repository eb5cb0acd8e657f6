/** How long a command waits for a service that does not answer. */
import { expect, test } from 'bun:test'
import { ask } from '../../src/commands/remote/service.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { hang, json, scriptedServer } from '../support/scripted-server.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const failure = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => String(error),
  )

test('not for ever, where nothing is to be waited for', async () => {
  await using server = scriptedServer(hang)
  const clock = new FakeClock()
  const asked = failure(ask(server.url, {}, clock))
  await server.received(1)
  await clock.advance(29_000)
  await clock.advance(2000)
  expect(await asked).toBe('Error: no answer within 30000 ms')
})

test('as long as it takes, where it can be ended', async () => {
  await using server = scriptedServer(hang)
  const clock = new FakeClock()
  const controller = new AbortController()
  const asked = failure(ask(server.url, { signal: controller.signal }, clock))
  await server.received(1)
  await clock.advance(3_600_000)
  controller.abort(new Error('enough'))
  expect(await asked).toBe('Error: enough')
})

test('says why there is no answer, and gives the one that there is', async () => {
  await using server = scriptedServer(json({ a: 1 }))
  expect(await (await ask(server.url, {})).json()).toEqual({ a: 1 })
  expect(await failure(ask('http://127.0.0.1:1', {}))).toContain('Unable to connect')
})
