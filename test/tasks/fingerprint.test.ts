/** CONTRACT, section 9: which requests with one Idempotency-Key are the same. */
import { describe, expect, test } from 'bun:test'
import { splitHeaders } from '../../src/droplets/redact.ts'
import type { Submission, TaskRequest } from '../../src/task.ts'
import { fingerprintOf } from '../../src/tasks/fingerprint.ts'

/** With all of its headers in one. */
type Asked = Omit<Submission, 'secretHeaders'>

const asked: Asked = {
  dropletName: 'Echo',
  method: 'POST',
  path: '/x',
  payload: '{"a":[1,{"b":null}],"c":"é"}',
  meta: '{"by":"me"}',
  headers: { 'x-a': '1', authorization: 'Bearer first' },
  timeoutMs: null,
  deadlineMs: null,
  maxRetries: null,
  delayMs: 0,
}

/** What is asked, as the service has it. */
const submission = (request: Asked): Submission => ({
  ...request,
  ...splitHeaders(request.headers),
})

const filled = (request: Submission, timeoutMs = 30_000): TaskRequest => ({
  ...request,
  timeoutMs: request.timeoutMs ?? timeoutMs,
  maxRetries: request.maxRetries ?? 3,
})
const printOf = (change: Partial<Asked> = {}, replayOf: string | null = null) => {
  const request = submission({ ...asked, ...change })
  return fingerprintOf(request, replayOf, () => filled(request))
}

describe('the same', () => {
  test.each<[string, Partial<Asked>]>([
    ['droplet in another case', { dropletName: 'eCHO' }],
    ['headers in another order', { headers: { authorization: 'Bearer first', 'x-a': '1' } }],
    ['token, renewed', { headers: { 'x-a': '1', authorization: 'Bearer second' } }],
    ['payload with white space', { payload: '{ "a" : [ 1 ,\t{"b":null}\r\n] , "c":"é"\n}' }],
    ['payload in another order', { payload: '{"c":"é","a":[1,{"b":null}]}' }],
    ['payload with escapes', { payload: '{"\\u0061":[1,{"b":null}],"c":"\\u00E9"}' }],
    ['meta with white space', { meta: '{"by": "me"}' }],
  ])('%s', (_, change) => expect(printOf(change).text).toBe(printOf().text))

  test('whatever the defaults are now', () => {
    const before = fingerprintOf(submission(asked), null, () => filled(submission(asked), 30_000))
    const after = fingerprintOf(submission(asked), null, () => filled(submission(asked), 60_000))
    expect(after.matches(before.text)).toBe(true)
  })

  test.each(['authorization', 'proxy-authorization', 'cookie', 'x-api-key'])(
    'whatever %s says; but not without it',
    (name) => {
      const [first, second] = ['a', 'b'].map((value) => printOf({ headers: { [name]: value } }))
      expect(first!.text).toBe(second!.text)
      expect(first!.text).not.toBe(printOf({ headers: {} }).text)
    },
  )
})

test('another is whatever asks for something else', () => {
  const others: Partial<Asked>[] = [
    { dropletName: 'other' },
    { method: 'PUT' },
    { path: '/y' },
    { payload: null },
    { payload: '{"a":[1.0,{"b":null}],"c":"é"}' },
    { payload: '{"a":[1e0,{"b":null}],"c":"é"}' },
    { payload: '{"a":[{"b":null},1],"c":"é"}' },
    { payload: '{"a":[1,{"b":null}],"c":"é","c":"é"}' },
    { payload: '{"a":[1,{"b":null},[]],"c":"é"}' },
    { payload: '{"a":[1,{"b":"null"}],"c":"é"}' },
    { payload: '[{"a":1}]' },
    { payload: '[{"a":1},{}]' },
    { payload: '[["a",1]]' },
    { payload: '""' },
    { payload: '{"n":7615917337495251231}' },
    { payload: '{"n":7615917337495251230}' },
    { payload: '{"a":1,"a":2}' },
    { payload: '{"a":2,"a":1}' },
    { payload: '{"a":2}' },
    { meta: null },
    { meta: '{}' },
    { headers: {} },
    { headers: { 'x-a': '2', authorization: 'Bearer first' } },
    { headers: { 'x-b': '1', authorization: 'Bearer first' } },
    { headers: { 'x-a': '1' } },
    { headers: { 'x-a': '1', cookie: 'Bearer first' } },
    { timeoutMs: 30_000 },
    { deadlineMs: 1 },
    { maxRetries: 3 },
    { delayMs: 1 },
  ]
  const prints = [printOf(), printOf({}, 'other'), ...others.map((change) => printOf(change))]
  expect(new Set(prints.map(({ text }) => text)).size).toBe(others.length + 2)
})

describe('what an earlier version stored', () => {
  // As it was computed then, of the request `asked`.
  const rest = {
    method: 'POST',
    path: '/x',
    payload: '{"a":[1,{"b":null}],"c":"é"}',
    meta: '{"by":"me"}',
    timeoutMs: 30_000,
    deadlineMs: null,
    maxRetries: 3,
    delayMs: 0,
  }
  const headers = [
    ['authorization', 'Bearer first'],
    ['x-a', '1'],
  ]
  const text = JSON.stringify([null, 'echo', headers, rest])
  const former = new Bun.CryptoHasher('sha256').update(text).digest('hex')

  test('is known again', () => {
    expect(printOf().matches(former)).toBe(true)
    expect(printOf({ payload: '{"a": [1, {"b": null}], "c": "\\u00e9"}' }).matches(former)).toBe(
      true,
    )
  })

  test('but not of another request', () => {
    expect(printOf({ path: '/y' }).matches(former)).toBe(false)
    expect(printOf({}, 'other').matches(former)).toBe(false)
    expect(printOf().matches(null)).toBe(false)
  })
})
