import { expect, test } from 'bun:test'
import type { Load } from '../../src/delivery/load.ts'
import { problemsOf, type Ailing, type ProblemSources } from '../../src/telemetry/problems.ts'

const WELL: ProblemSources = {
  store: { fault: null },
  registry: {
    cacheStatus: () => 'active',
    errorDetails: () => ({ registry_url: 'http://r', last_sync: 1, last_error: 'HTTP 500' }),
    usableForMs: () => null,
  },
  tasks: { draining: false },
}
const IDLE: Load = { queued: 0, running: 0, oldestAgeMs: null }
const failed = (error: string | null, status: number | null = null) => ({ at: 1, status, error })
const ailing = (name: string, more: Partial<Ailing> = {}): Ailing => ({
  name,
  circuit: 'closed',
  lastFailure: null,
  ...more,
})

const messages = (sources: Partial<ProblemSources>, droplets: Ailing[] = [], load = IDLE) =>
  problemsOf({ ...WELL, ...sources }, droplets, load, null).map(({ message }) => message)

test('nothing is wrong', () => {
  expect(messages({})).toEqual([])
})

test('each in words, errors before warnings', () => {
  const registry = { ...WELL.registry, cacheStatus: () => 'stale' as const }
  const usableForMs = () => 200_000
  const sources = {
    registry: { ...registry, usableForMs },
    store: { fault: 'the disk is full' },
    tasks: { draining: true },
  }
  const droplets = [
    ailing('gone', { circuit: 'open', lastFailure: failed('GET http://h/?key=secret failed') }),
    ailing('ill', { lastFailure: failed('HTTP 500', 500) }),
    ailing('silent', { lastFailure: failed('ECONNREFUSED: connection refused') }),
    ailing('unknown'),
  ]
  const load = { queued: 7, running: 0, oldestAgeMs: 240_000 }
  expect(messages(sources, droplets, load)).toEqual([
    'Nothing can be written to disk: the disk is full',
    'gone is not there, its circuit is open: GET http://h/?key=REDACTED failed',
    'The list of droplets from before is used, for 3 min more: HTTP 500',
    'The service is shutting down',
    'ill does not answer well: HTTP 500',
    'silent does not answer: ECONNREFUSED: connection refused',
    'unknown does not answer well',
    'A task has waited for 4 min, 7 are queued',
  ])
})

test('a task that no node has is told of, too, where all may be seen', () => {
  const load: Load = { queued: 7, running: 0, oldestAgeMs: 240_000 }
  const told = (backlog: number, backlogDueMs: number, mine = load) =>
    problemsOf(WELL, [], mine, { backlog, backlogDueMs }).map(({ message }) => message)
  expect(told(5, 3_700_000)).toEqual(['A task has waited for 61 min, 12 are queued'])
  expect(told(1, 3_700_000, IDLE)).toEqual(['A task has waited for 61 min'])
  expect(told(5, 59_000)).toEqual(['A task has waited for 4 min, 12 are queued'])
  expect(told(5, 59_000, IDLE)).toEqual([])
})

test('a list that is gone is an error', () => {
  const registry = { ...WELL.registry, cacheStatus: () => 'unavailable' as const }
  expect(problemsOf({ ...WELL, registry }, [], IDLE, null)).toEqual([
    {
      kind: 'registry',
      severity: 'error',
      message: 'There is no usable list of droplets: HTTP 500',
      droplet: null,
    },
  ])
})

test('of many droplets the first are told of', () => {
  const many = Array.from({ length: 300 }, (_, index) => ailing(`d${index}`))
  const told = messages({}, many)
  expect(told).toHaveLength(21)
  expect(told.at(-1)).toBe('And 280 more droplets')
})
