import { describe, expect, test } from 'bun:test'
import { bodyToJson } from '../../src/delivery/answer.ts'
import { MAX_STORED_BODY_BYTES, storedBody } from '../../src/store/stored-body.ts'
import { truncationMarker } from '../../src/truncation.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

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
    expect(bodyToJson(bytes(text), null)).toBe(text)
  })

  test.each(['plain', '<p>', '{"half":', 'NaN', 'undefined', '"\u2028é😀', ' '])(
    '%j is text',
    (text) => {
      expect(JSON.parse(bodyToJson(bytes(text), 'application/json')!)).toBe(text)
    },
  )

  test('nothing is null', () => {
    expect(bodyToJson(new Uint8Array(), 'application/json')).toBeNull()
  })

  test('what is not UTF-8 is base64', () => {
    const binary = new Uint8Array([0x89, 0x50, 0xff, 0x00])
    expect(JSON.parse(bodyToJson(binary, 'image/png')!)).toEqual({
      _binary: true,
      _content_type: 'image/png',
      _base64: Buffer.from(binary).toString('base64'),
    })
    expect(JSON.parse(bodyToJson(binary, null)!)._content_type).toBeNull()
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
