/** Starting and stopping, in every order. */
import { expect, test } from 'bun:test'
import { createOrchestrator } from '../src/orchestrator.ts'
import { systemClock } from '../src/platform/clock.ts'
import { systemFetch } from '../src/platform/fetch.ts'
import { systemResolver } from '../src/platform/resolver.ts'
import { testConfig } from './support/config.ts'
import { allowRealTime } from './support/eventually.ts'
import { recordingLog } from './support/log.ts'

allowRealTime()

const create = () =>
  createOrchestrator(testConfig({ shutdownGraceMs: 0 }), {
    clock: systemClock,
    fetch: systemFetch,
    resolve: systemResolver(),
    log: recordingLog(),
    newId: () => crypto.randomUUID(),
  })

test('stops unstarted, and twice', async () => {
  const orchestrator = await create()
  await Promise.all([orchestrator.stop(), orchestrator.stop()])
  expect(() => orchestrator.url).toThrow('not been started')
})

test('starts once, however often it is asked', async () => {
  await using orchestrator = await create()
  await Promise.all([orchestrator.start(), orchestrator.start()])
  expect((await fetch(`${orchestrator.url}/orchestrator/health`)).status).toBe(200)
})

test('a stop while it starts leaves nothing that listens', async () => {
  const orchestrator = await create()
  const started = orchestrator.start()
  await orchestrator.stop()
  await started
  expect(() => orchestrator.url).toThrow('not been started')
})

test('does not start again after a stop', async () => {
  const orchestrator = await create()
  await orchestrator.stop()
  await orchestrator.start()
  expect(() => orchestrator.url).toThrow('not been started')
})
