import { describe, expect, test } from 'bun:test'
import { preferenceApplied, readPrefer } from '../../src/http/prefer.ts'

describe('Prefer (RFC 7240)', () => {
  test.each<[string | null, boolean, number | null]>([
    [null, false, null],
    ['', false, null],
    ['respond-async', true, null],
    ['Respond-Async', true, null],
    ['wait=1', false, 1],
    ['wait=60', false, 60],
    ['WAIT=5', false, 5],
    ['wait="5"', false, 5],
    ['wait = 5', false, 5],
    ['respond-async, wait=10', true, 10],
    ['wait=10,respond-async', true, 10],
    ['return=minimal, respond-async;x="y", foo', true, null],
    ['wait=5, wait=7', false, 5],
    ['respond-async-ly', false, null],
    [', ,respond-async,', true, null],
    ['"respond-async"', false, null],
    ['respond-async=""', true, null],
  ])('%j', (header, respondAsync, waitSeconds) => {
    expect(readPrefer(header)).toEqual({ respondAsync, waitSeconds })
  })

  test.each(['wait', 'wait=', 'wait=0', 'wait=61', 'wait=-1', 'wait=1.5', 'wait=x', 'wait="x"'])(
    '%j is refused',
    (header) => {
      expect(() => readPrefer(header)).toThrow('from 1 to 60')
    },
  )

  test('and what of it was applied', () => {
    expect(preferenceApplied({ respondAsync: false, waitSeconds: null })).toBeNull()
    expect(preferenceApplied({ respondAsync: true, waitSeconds: null })).toBe('respond-async')
    expect(preferenceApplied({ respondAsync: true, waitSeconds: 5 })).toBe('respond-async, wait=5')
  })
})
