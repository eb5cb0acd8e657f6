import { expect, test } from 'bun:test'
import {
  EMPTY_FORM,
  errorsByField,
  faultsOf,
  jsonFault,
  submissionOf,
} from '../../src/web/app/submit/form.ts'

const form = { ...EMPTY_FORM, droplet_name: 'echo' }

test('the body has the payload as it was typed', () => {
  const payload = '{"n": 12345678901234567890, "n": 1.10}'
  expect(submissionOf({ ...form, payload: ` ${payload}\n`, max_retries: '2' })).toBe(
    `{"droplet_name":"echo","method":"POST","path":"/","payload":${payload},"max_retries":2}`,
  )
})

test('what is left empty is left out; a delay is of asynchronous tasks', () => {
  const headers = [
    { name: ' X-A ', value: '"q"' },
    { name: '', value: '' },
    { name: '__proto__', value: 'p' },
  ]
  expect(submissionOf({ ...form, headers, delay_seconds: '5' })).toBe(
    '{"droplet_name":"echo","method":"POST","path":"/","headers":{"X-A":"\\"q\\"","__proto__":"p"}}',
  )
  expect(submissionOf({ ...form, delay_seconds: '5', isAsync: true })).toEndWith(
    '"delay_seconds":5}',
  )
})

test('faults are told at their fields', () => {
  expect(faultsOf(form)).toEqual({})
  const wrong = {
    ...EMPTY_FORM,
    path: 'x',
    payload: '{',
    meta: 'a',
    timeout_ms: 'soon',
    headers: [{ name: '', value: 'v' }],
  }
  expect(Object.keys(faultsOf(wrong)).sort()).toEqual([
    'droplet_name',
    'headers',
    'meta',
    'path',
    'payload',
    'timeout_ms',
  ])
  const twice = ['a', 'A'].map((name) => ({ name, value: '' }))
  expect(faultsOf({ ...form, headers: twice })).toEqual({ headers: 'A header is there twice' })
})

test('JSON is checked while it is typed', () => {
  expect(jsonFault('')).toBeNull()
  expect(jsonFault(' {"a":[1]} ')).toBeNull()
  for (const text of ['{', '{"a":}', '[1,]', 'nul', '"\u0001"']) {
    expect(jsonFault(text)).toStartWith('Not JSON: ')
  }
})

test("the API's errors go to their fields", () => {
  const errors = [
    { path: '/path', message: 'must start with /' },
    { path: '/headers/Cookie', message: 'is needed again' },
    { path: '/headers/X', message: 'must be a string' },
    { path: '', message: 'must be an object' },
  ]
  expect(errorsByField({ errors })).toEqual({
    path: 'must start with /',
    headers: 'Cookie is needed again; X must be a string',
    '': 'must be an object',
  })
  expect(errorsByField({})).toEqual({})
})
