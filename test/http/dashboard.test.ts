import { expect, test } from 'bun:test'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator } from '../support/orchestrator.ts'

allowRealTime()

test.each<[string, string | null]>([
  ['gzip', 'gzip'],
  ['gzip, deflate, br, zstd', 'gzip'],
  ['br, GZIP;q=0.5', 'gzip'],
  ['*', 'gzip'],
  ['gzip;q=0', null],
  ['identity, gzip;q=0.5', null],
  ['br', null],
  ['identity', null],
])('who accepts %p gets the script coded as %p', async (accepted, coding) => {
  await using service = await startOrchestrator()
  const page = await (await fetch(`${service.url}/orchestrator/`)).text()
  const [, script] = /src="([^"]+\.js)"/.exec(page)!
  const response = await fetch(`${service.url}/orchestrator/${script}`, {
    headers: { 'accept-encoding': accepted },
    decompress: false,
  })
  expect(response.headers.get('content-encoding')).toBe(coding)
  expect(response.headers.get('vary')).toBe('Accept-Encoding')
  const [first, second] = await response.bytes()
  expect(first === 0x1f && second === 0x8b).toBe(coding === 'gzip')
})
