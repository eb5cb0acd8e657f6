import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { bodyToJson } from '../../src/delivery/answer.ts'
import { MAX_STORED_BODY_BYTES, storedBody } from '../../src/store/stored-body.ts'
import { truncationMarker } from '../../src/truncation.ts'
import { readBody } from '../../src/platform/bounded-body.ts'
import { systemFetch } from '../../src/platform/fetch.ts'
import {
  endless,
  reply,
  scriptedServer,
  truncated,
  type Answer,
} from '../support/scripted-server.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'

allowRealTime()

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

describe('reading at most', () => {
  const LIMIT = 1000

  async function read(answer: Answer) {
    await using upstream = scriptedServer(answer)
    const controller = new AbortController()
    const init = { method: 'GET', headers: {}, signal: controller.signal }
    try {
      return await readBody(await systemFetch(upstream.url, init), LIMIT)
    } finally {
      controller.abort()
    }
  }
  const gzipped = (size: number, chunked = false) => {
    const body = gzipSync('x'.repeat(size))
    const headers = { 'content-encoding': 'gzip' }
    if (!chunked) return reply({ headers, body })
    const length = body.length.toString(16)
    return (async (wire) => {
      await wire.write(
        'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n',
      )
      await wire.write(`${length}\r\n`)
      await wire.write(body)
      await wire.write('\r\n0\r\n\r\n')
    }) satisfies Answer
  }

  test.each([0, 1, LIMIT - 1, LIMIT])('%p bytes are read whole', async (size) => {
    expect((await read(reply({ body: 'x'.repeat(size) })))?.byteLength).toBe(size)
  })

  test('one more is not read, with a length and without', async () => {
    expect(await read(reply({ body: 'x'.repeat(LIMIT + 1) }))).toBeNull()
    const unmeasured: Answer = async (wire) => {
      await wire.write(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(LIMIT + 1)}`)
      wire.end()
    }
    expect(await read(unmeasured)).toBeNull()
  })

  test('what never ends is cut off, connection and all', async () => {
    await using upstream = scriptedServer(endless())
    const init = { method: 'GET', headers: {}, signal: new AbortController().signal }
    expect(await readBody(await systemFetch(upstream.url, init), LIMIT)).toBeNull()
    await eventually('cut off', () => upstream.connections === 0)
  })

  test.each([false, true])(
    'a gzip bomb counts as what comes out (chunked: %p)',
    async (chunked) => {
      expect(await read(gzipped(50_000_000, chunked))).toBeNull()
      const small = await read(gzipped(LIMIT, chunked))
      expect(Buffer.from(small!).toString()).toBe('x'.repeat(LIMIT))
    },
  )

  test('a body that breaks off rejects', async () => {
    await expect(read(truncated)).rejects.toThrow()
  })
})
