import { expect, test } from 'bun:test'
import { listenFailure } from '../../src/platform/listen-failure.ts'
import { scriptedServer } from '../support/scripted-server.ts'

/** Says what Bun throws where `at` cannot be had. */
function failureAt(at: { host: string; port: number }): unknown {
  try {
    const server = Bun.serve({ hostname: at.host, port: at.port, fetch: () => new Response() })
    void server.stop(true)
  } catch (error) {
    return error
  }
  throw new Error('it could listen')
}

const noLookUp = () => {
  throw new Error('it was looked up')
}
const unknownName = async () => {
  throw Object.assign(new Error('getaddrinfo ENOTFOUND nosuch.invalid'), { code: 'ENOTFOUND' })
}
const noAnswer = async () => {
  throw Object.assign(new Error('getaddrinfo EAI_AGAIN h'), { code: 'EAI_AGAIN' })
}

test('a port in use, at an address and at a name: our own words', async () => {
  await using taken = scriptedServer()
  for (const host of ['127.0.0.1', 'localhost']) {
    const at = { host, port: taken.port }
    const lookUp = host === 'localhost' ? async () => [] : noLookUp
    expect(await listenFailure(failureAt(at), at, '', lookUp)).toBe(
      `Cannot listen on ${host}:${taken.port}: the port is in use`,
    )
  }
  const at = { host: '127.0.0.1', port: taken.port }
  expect(await listenFailure(failureAt(at), at, 'choose another')).toEndWith(
    'the port is in use; choose another',
  )
})

test('an address of another machine', async () => {
  const at = { host: '203.0.113.1', port: 31_011 }
  expect(await listenFailure(failureAt(at), at, 'choose another')).toBe(
    'Cannot listen on 203.0.113.1:31011: this machine does not have that address',
  )
})

// Bun's error for a name without an address is the one for a port in use.
const inUse = Object.assign(new Error('Failed to start server. Is port 31011 in use?'), {
  code: 'EADDRINUSE',
})

test.each([
  ['unknown', unknownName, 'no address is known for that name'],
  ['not answered for', noAnswer, 'EAI_AGAIN: the name service does not answer'],
])('a name that is %s', async (_, lookUp, reason) => {
  const at = { host: 'nosuch.invalid', port: 31_011 }
  expect(await listenFailure(inUse, at, 'choose another', lookUp)).toBe(
    `Cannot listen on nosuch.invalid: ${reason}`,
  )
})

test('anything else in the words of its error; IPv6 in brackets', async () => {
  const error = new Error('no such thing')
  expect(await listenFailure(error, { host: '::1', port: 1 }, '', noLookUp)).toBe(
    'Cannot listen on [::1]:1: no such thing',
  )
})
