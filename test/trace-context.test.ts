import { expect, test } from 'bun:test'
import {
  isSampled,
  parentSpanIdOf,
  spanIdOf,
  traceHeaders,
  traceIdOf,
} from '../src/trace-context.ts'

const ID = '01a217ac-e591-74de-b6eb-3051ffffffff'
const CALLER = {
  parent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02',
  state: 'a=1',
}

test("without a caller's trace, it is the task's id", () => {
  const task = { id: ID, trace: null }
  expect(traceIdOf(task)).toBe('01a217ace59174deb6eb3051ffffffff')
  expect(parentSpanIdOf(task)).toBeNull()
  expect(isSampled(task)).toBe(true)
  expect(traceHeaders(task, 1)).toEqual({
    traceparent: '00-01a217ace59174deb6eb3051ffffffff-b6eb3051fffffffe-01',
  })
})

test("with one, it is the caller's, whose flags and state go on", () => {
  const task = { id: ID, trace: CALLER }
  expect(traceIdOf(task)).toBe('0af7651916cd43dd8448eb211c80319c')
  expect(parentSpanIdOf(task)).toBe('b7ad6b7169203331')
  expect(isSampled(task)).toBe(false)
  expect(traceHeaders(task, 2)).toEqual({
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b6eb3051fffffffd-02',
    tracestate: 'a=1',
  })
})

const IDS = [
  ID,
  Bun.randomUUIDv7(),
  crypto.randomUUID(),
  // What only a test or a database that somebody has changed has.
  't-1',
  '',
  '00000000-0000-0000-0000-000000000000',
  '00000000-0000-7000-8000-000000000000',
  ID.toUpperCase(),
]

test.each(IDS)('of %p: a trace, and a span for itself and for each attempt', (id) => {
  const spans = Array.from({ length: 20 }, (_, attempt) => spanIdOf(id, attempt))
  expect(new Set(spans).size).toBe(20)
  expect(spans[0]).toBe(spanIdOf(id))
  for (const each of spans) expect(each).toMatch(/^(?!0{16})[\da-f]{16}$/)
  expect(traceIdOf({ id, trace: null })).toMatch(/^(?!0{32})[\da-f]{32}$/)
})

test('two tasks have nothing in common', () => {
  const ids = [...IDS, ...Array.from({ length: 1000 }, () => Bun.randomUUIDv7())]
  const spans = ids.flatMap((id) => [spanIdOf(id), spanIdOf(id, 1), spanIdOf(id, 2)])
  expect(new Set(spans).size).toBe(spans.length)
  expect(new Set(ids.map((id) => traceIdOf({ id, trace: null }))).size).toBe(ids.length)
})

test.each([
  ['80c0-000000000000', 0.25, true],
  ['80bf-fffffffff000', 0.25, false],
  ['8000-000000000000', 0.25, false],
  ['8000-000000000000', 1, true],
  ['80ff-ffffffffffff', 0.0001, true],
  ['80ff-f00000000000', 0, false],
])(
  'of traces that begin here a share is sampled, by their last 56 bits: %s of %p',
  (end, share, is) => {
    const task = { id: `01a217ac-e591-74de-${end}`, trace: null }
    expect(isSampled(task, share)).toBe(is)
    expect(traceHeaders(task, 1, share).traceparent!.endsWith(is ? '-01' : '-00')).toBe(true)
    // The caller decides of its own.
    expect(
      isSampled({ ...task, trace: { ...CALLER, parent: CALLER.parent.replace(/02$/, '01') } }, 0),
    ).toBe(true)
  },
)
