/** Requests that no client sends leave nothing behind but their answer. */
import { expect, test } from 'bun:test'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime } from '../support/eventually.ts'
import { sendRaw } from '../support/raw-http.ts'

allowRealTime()

test.each([
  ['HTTP/1.0 without a Host', 'OPTIONS / HTTP/1.0\r\n', 405],
  ['a Host that is none', 'GET /nowhere HTTP/1.1\r\nHost: ::1\r\n', 400],
  ['two Hosts', 'PUT /orchestrator/tasks/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n', 400],
])('%s: no page of the framework, nothing beside the log', async (_, head, expected) => {
  using home = serviceHome({})
  await using service = await home.start()
  const { status, text, headers } = await sendRaw(service.url, `${head}Connection: close\r\n\r\n`)
  expect([status, headers.get('content-type')]).toEqual([expected, 'application/json'])
  expect(text).not.toContain('<')
  expect(service.stderr).toBe('')
  expect(service.log().filter(({ level }) => level === 'ERROR')).toEqual([])
})
