import { expect, test } from 'bun:test'
import {
  filtersOf,
  inWords,
  isCountedAtOnce,
  isWanted,
  keyOf,
  listQuery,
  liveQuery,
  momentOf,
} from '../../src/web/app/tasks/filters.ts'

const of = (text: string) => filtersOf(new URLSearchParams(text))

test('filters come from an address, whatever else is in it', () => {
  expect(of('status=failed&x=1&droplet_name=%20echo%20&mode=&request_id=a%26b')).toEqual({
    status: 'failed',
    droplet_name: 'echo',
    request_id: 'a&b',
  })
  expect(keyOf(of('mode=sync&status=error'))).toBe(keyOf(of('status=error&mode=sync')))
  expect(keyOf(of('status=error'))).not.toBe(keyOf(of('mode=error')))
})

test('"since" is a moment of the API that moves on', () => {
  expect(listQuery(of('status=failed&since=1h'), 10_000)).toEqual({
    status: 'failed',
    created_after: '6400.000',
  })
  // It was typed by hand: no filter is better than a wrong one.
  for (const since of ['soon', 'constructor', '__proto__']) {
    const filters = of(`since=${since}`)
    expect(listQuery(filters, 10_000)).toEqual({})
    // And is not said to be one.
    expect(inWords(filters)).toBe('all tasks')
  }
})

test('the stream is narrowed as the list is, but for when tasks came', () => {
  const query = liveQuery(of('status=running&droplet_name=echo&since=1h&created_after=1'))
  expect(query).toEqual({ status: 'running', droplet_name: 'echo' })
  expect(liveQuery(of('response_status=5xx&mode=async&created_before=2026-01-01'))).toEqual({
    response_status: '5xx',
    mode: 'async',
    created_before: '2026-01-01',
  })
  // What means nothing would only be refused once more.
  expect(liveQuery(of('status=x&response_status=many&mode=x&created_before=soon'))).toEqual({})
  expect(isWanted(of('status=running'), { status: 'success' })).toBe(false)
  expect(isWanted(of('status=failed'), { status: 'timeout' })).toBe(true)
  expect(isWanted(of('status=failed'), { status: 'cancelled' })).toBe(false)
  expect(isWanted({}, { status: 'queued' })).toBe(true)
})

test('what takes long to count is known', () => {
  expect(isCountedAtOnce(of('status=failed&droplet_name=echo'))).toBe(true)
  expect(isCountedAtOnce(of(''))).toBe(true)
  expect(isCountedAtOnce(of('since=1h'))).toBe(false)
  expect(isCountedAtOnce(of('mode=sync'))).toBe(false)
})

test('filters are said in words', () => {
  expect(inWords({})).toBe('all tasks')
  expect(inWords(of('status=failed&droplet_name=echo&since=1h&mode=async'))).toBe(
    'failed asynchronous tasks of echo of the last hour',
  )
  expect(inWords(of('response_status=5xx&request_id=r&replay_of=t'))).toBe(
    'all tasks answered 5xx of request r that replay t',
  )
})

test('moments are read as the API reads them', () => {
  expect(momentOf('1764000000.5')).toBe(1_764_000_000_500)
  expect(momentOf('2026-01-01T00:00:00Z')).toBe(Date.UTC(2026, 0, 1))
  expect(momentOf('yesterday')).toBeNull()
  expect(momentOf('')).toBeNull()
  // A browser throws at a Date of it.
  expect(momentOf('99999999999999999')).toBeNull()
  expect(momentOf('9'.repeat(400))).toBeNull()
})
