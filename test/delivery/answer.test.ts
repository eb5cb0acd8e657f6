import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  bodyToJson,
  isSmall,
  largeBodyToJson,
  type AnswerBytes,
} from '../../src/delivery/answer.ts'
import { JsonChecker } from '../../src/delivery/json-checker.ts'
import { transitions } from '../../src/delivery/json-states.ts'
import { atOnce } from '../../src/platform/turns.ts'
import { MAX_STORED_BODY_BYTES, storedBody } from '../../src/store/stored-body.ts'
import { truncationMarker } from '../../src/truncation.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const answer = (body: string | Uint8Array, more: Partial<AnswerBytes> = {}): AnswerBytes => ({
  bytes: Buffer.from(body),
  headers: new Headers(),
  coding: null,
  ...more,
})
const states = transitions()
const inSlices = (whole: AnswerBytes) => atOnce(largeBodyToJson(whole, states))

describe('a body as JSON', () => {
  test.each([
    '{"n":12345678901234567890.10,"e":1e400}',
    ' [1, 2,\n3]\n',
    '"text"',
    'false',
    '0',
    'null',
    '"\\u00e9"',
  ])('%j stays as it stands', (text) => {
    expect(bodyToJson(answer(text))).toBe(text)
    expect(inSlices(answer(text))).toBe(text)
  })

  test.each(['plain', '<p>', '{"half":', 'NaN', 'undefined', '"\u2028é😀', ' '])(
    '%j is text',
    (text) => {
      expect(JSON.parse(bodyToJson(answer(text))!)).toBe(text)
      expect(inSlices(answer(text))).toBe(bodyToJson(answer(text))!)
    },
  )

  test('nothing is null', () => {
    expect(bodyToJson(answer(''))).toBeNull()
  })

  test('what is not UTF-8 is base64', () => {
    const binary = new Uint8Array([0x89, 0x50, 0xff, 0x00])
    const json = bodyToJson(
      answer(binary, { headers: new Headers({ 'content-type': 'image/png' }) }),
    )!
    expect(JSON.parse(json)).toEqual({
      _binary: true,
      _content_type: 'image/png',
      _base64: Buffer.from(binary).toString('base64'),
    })
    expect(JSON.parse(bodyToJson(answer(binary))!)._content_type).toBeNull()
    const coded = answer(binary, { coding: 'zstd' })
    expect(JSON.parse(bodyToJson(coded)!)._content_encoding).toBe('zstd')
    expect(inSlices(coded)).toBe(bodyToJson(coded)!)
  })
})

describe('a large body, in slices, becomes what it would become at once:', () => {
  const FILL = 'é😀x"\\\n'.repeat(20_000)

  test.each<[string, string | Uint8Array]>([
    ['JSON', JSON.stringify({ text: FILL, more: [1, { two: null }] })],
    ['JSON after a byte order mark', `\ufeff${JSON.stringify(FILL)}`],
    ['text', FILL],
    ['text that begins as JSON does', `[${JSON.stringify(FILL)}`],
    ['text that ends as JSON does', `${FILL}]`],
    ['many levels', '['.repeat(60_000) + ']'.repeat(60_000)],
    ['white space', ' '.repeat(200_000)],
    ['bytes', Buffer.from(Array.from({ length: 200_001 }, (_, at) => at % 256))],
    ['text whose last character is cut off', Buffer.from(FILL + 'é').subarray(0, -1)],
    ['text with a bad byte', Buffer.concat([Buffer.from(FILL), Buffer.from([0xff, 0x20])])],
  ])('%s', (_, body) => {
    expect(isSmall(answer(body))).toBe(false)
    expect(inSlices(answer(body))).toBe(bodyToJson(answer(body))!)
  })

  test('wherever a character is cut', () => {
    for (let shift = 0; shift < 4; shift++) {
      const text = 'x'.repeat(shift) + '😀'.repeat(40_000)
      expect(inSlices(answer(text))).toBe(JSON.stringify(text))
    }
  })

  test.each(['x', '\xff'])('with a pause after each slice (of %j)', (character) => {
    const work = largeBodyToJson(answer(Buffer.alloc(1_000_000, character, 'latin1')), states)
    let pauses = 0
    while (!work.next().done) pauses++
    expect(pauses).toBeGreaterThanOrEqual(20)
  })
})

describe('JSON is told from what is not', () => {
  const isJson = (text: string) => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const checked = (text: string, pieceLength: number) => {
    const checker = new JsonChecker(states)
    for (let at = 0; at < text.length; at += pieceLength) {
      if (!checker.push(text.slice(at, at + pieceLength))) return false
    }
    return checker.end()
  }
  const PIECES = [
    ...['{', '}', '[', ']', ',', ':', '"', '"a"', '"a":', '{"a":1}', '[]', '\\', '\\n', '\\u12aF'],
    ...['0', '1', '-', '.', '5', 'e', 'E+', '1.5e-3', '01', 'true', 'false', 'null', 'tru', 'NaN'],
    ...[' ', '\n', '\t', '\0', '\u007f', 'é', '\u2028', '\ufeff', "'", '//'],
  ]

  test('as JSON.parse does, wherever it is cut', () => {
    const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 9 }).map((all) => all.join(''))
    let valid = 0
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (json, pieceLength) => {
        if (isJson(json)) valid++
        expect(checked(json, pieceLength)).toBe(isJson(json))
      }),
      { numRuns: 50_000 },
    )
    expect(valid).toBeGreaterThan(1000)
  })

  test('as JSON.parse does, when one character of JSON changes', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 1 }), (json, at, other) => {
        expect(checked(json, 3)).toBe(true)
        const start = at % (json.length + 1)
        const changed = json.slice(0, start) + other + json.slice(start + 1)
        expect(checked(changed, 3)).toBe(isJson(changed))
      }),
      { numRuns: 5000 },
    )
  })
})

describe('the history keeps', () => {
  const text = (size: number, unit = 'x') => JSON.stringify(unit.repeat(size))

  test('10 KB, and the marker of what is larger', () => {
    const largest = text(MAX_STORED_BODY_BYTES - 2)
    expect(storedBody(largest)).toBe(largest)
    expect(storedBody(null)).toBeNull()
    expect(JSON.parse(storedBody(text(MAX_STORED_BODY_BYTES - 1))!)).toEqual({
      _truncated: true,
      _original_size_kb: 10,
      _max_size_kb: 10,
      _message: expect.any(String),
    })
    expect(JSON.parse(storedBody(text(20_478))!)._original_size_kb).toBe(20)
  })

  test('bytes, not characters', () => {
    const inBytes = (10 * 1024 - 2) / 2
    expect(storedBody(text(inBytes, 'é'))).toBe(text(inBytes, 'é'))
    expect(storedBody(text(inBytes + 1, 'é'))).toContain('"_truncated":true')
  })

  test('the marker says null for a size that is not known', () => {
    expect(JSON.parse(truncationMarker(null, 1536, 'm'))).toEqual({
      _truncated: true,
      _original_size_kb: null,
      _max_size_kb: 1.5,
      _message: 'm',
    })
  })
})
