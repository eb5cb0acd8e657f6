import { describe, expect, test } from 'bun:test'
import { health } from '../../src/commands/health.ts'
import { failureText } from '../../src/platform/network-failure.ts'
import { scriptedIo } from '../support/command-io.ts'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import {
  deadUrl,
  malformed,
  reset,
  resetMidBody,
  scriptedServer,
  truncated,
  type Answer,
} from '../support/scripted-server.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../support/self-signed.ts'

allowRealTime()

const CLOSED = 'ECONNRESET: the connection was closed before the answer was complete'

const raw =
  (text: string): Answer =>
  async (wire) => {
    await wire.write(`HTTP/1.1 200 OK\r\n${text}`)
    wire.end()
  }

/** `last_error` of a task for a droplet at `url`. */
async function lastError(url: string): Promise<string> {
  await using service = await startOrchestrator({ mesh: { echo: url } })
  const { json } = await service.skipWaits(service.submit({ max_retries: 0 }))
  const { task_id, last_error } = json.error.details
  const { attempts, error_message } = await service.task(task_id)
  expect([attempts[0].error, error_message]).toEqual([last_error, last_error])
  return last_error
}

function tlsServer() {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert: CERTIFICATE, key: PRIVATE_KEY },
    fetch: () => new Response(),
  })
}

describe('a task says in plain words, after the code,', () => {
  test('that nobody listens', async () => {
    expect(await lastError(await deadUrl())).toBe('ECONNREFUSED: connection refused')
  })

  test.each<[string, Answer, string]>([
    ['a reset', reset, CLOSED],
    ['a reset in the middle of the body', resetMidBody, CLOSED],
    ['a truncated body', truncated, CLOSED],
    ['a truncated chunk', raw('transfer-encoding: chunked\r\n\r\nff\r\nabc'), CLOSED],
    ['what is not HTTP', malformed, 'Malformed_HTTP_Response: the answer is not HTTP'],
    [
      'a chunk without a size',
      raw('transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n'),
      'InvalidHTTPResponse: the answer is not HTTP as it should be',
    ],
    [
      'a length that is no number',
      raw('content-length: abc\r\n\r\nabc'),
      "InvalidContentLength: the answer's Content-Length is not a number",
    ],
  ])('%s', async (_, answer, words) => {
    await using upstream = scriptedServer(answer)
    expect(await lastError(upstream.url)).toBe(words)
  })

  test('a certificate that nobody vouches for', async () => {
    await using server = tlsServer()
    expect(await lastError(`https://127.0.0.1:${server.port}`)).toBe(
      'DEPTH_ZERO_SELF_SIGNED_CERT: the certificate is self-signed',
    )
  })

  test('plain HTTP to a TLS port', async () => {
    await using server = tlsServer()
    expect(await lastError(`http://127.0.0.1:${server.port}`)).toBe(CLOSED)
  })
})

test('the Registry and the health command say it in the same words', async () => {
  const url = await deadUrl()
  await using service = await startOrchestrator({ config: { registry: { url } } })
  const warning = service.log.lines.find(({ level }) => level === 'WARNING')
  expect(warning?.fields).toMatchObject({ error: 'ECONNREFUSED: connection refused' })
  const io = scriptedIo()
  expect(await health([url], io)).toBe(1)
  expect(io.err).toBe(`${url}/orchestrator/health: ECONNREFUSED: connection refused\n`)
})

const ADVICE = 'For more information, pass `verbose: true` in the second argument to fetch()'

test.each([
  ['ENOTFOUND', 'getaddrinfo ENOTFOUND', 'ENOTFOUND: no address is known for the name'],
  ['NewOne', `NewOne fetching "http://h/?key=secret". ${ADVICE}`, 'NewOne'],
  ['ENEW', `ENEW: Something new happened. ${ADVICE}`, 'ENEW: Something new happened'],
  ['ENEW', 'It failed. Was there a typo in the url or port?', 'ENEW: It failed'],
  ['toString', 'odd', 'toString: odd'],
  [undefined, 'two\nlines', 'two lines'],
])('code %p with %j', (code, message, words) => {
  expect(failureText(Object.assign(new TypeError(message), { code }))).toBe(words)
})

test.each(['a text', null, undefined])('%p, which is no error', (thrown) => {
  expect(failureText(thrown)).toBe(String(thrown))
})
