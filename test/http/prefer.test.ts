import { describe, expect, test } from 'bun:test'
import { preferenceApplied, readPrefer } from '../../src/http/prefer.ts'

describe('Prefer (RFC 7240)', () => {
  test.each<[string | null, boolean, number | null]>([
    [null, false, null],
    ['', false, null],
    ['respond-async', true, null],
    ['Respond-Async', true, null],
    ['wait=1', false, 1],
    ['wait=55', false, 55],
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
    ['respond-async;x="a,b;c", wait=3;y=",wait=7"', true, 3],
    ['x="respond-async, wait=5"', false, null],
    ['x="a\\", wait=5", wait=6', false, 6],
    ['wait=5, x="', false, 5],
    ['x=", wait=5', false, null],
    ['respond-async wait=5', false, null],
    [';respond-async, ;wait=5', false, null],
  ])('%j', (header, respondAsync, waitSeconds) => {
    expect(readPrefer(header)).toEqual({ respondAsync, waitSeconds })
  })

  test.each([
    ['wait=0', 1],
    ['wait=56', 55],
    ['wait=0100', 55],
    ['wait="3600"', 55],
    [`wait=${'9'.repeat(400)}`, 55],
  ])('%j is as good as %d', (header, waitSeconds) => {
    expect(readPrefer(header).waitSeconds).toBe(waitSeconds)
  })

  test.each(['wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=1e1', 'wait=x', 'wait="x"'])(
    '%j is ignored, and what is beside it is not',
    (header) => {
      for (const beside of [`${header}, respond-async`, `respond-async, ${header}, wait=5`]) {
        expect(readPrefer(beside)).toEqual({ respondAsync: true, waitSeconds: null })
      }
    },
  )

  test('and what of it was applied', () => {
    expect(preferenceApplied({ respondAsync: false, waitSeconds: null })).toBeNull()
    expect(preferenceApplied({ respondAsync: true, waitSeconds: null })).toBe('respond-async')
    expect(preferenceApplied({ respondAsync: true, waitSeconds: 5 })).toBe('respond-async, wait=5')
  })
})
