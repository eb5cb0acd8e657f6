import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
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

  test('a length that is said twice', async () => {
    const body = 'x'.repeat(5 * LIMIT)
    const repeating: Answer = async (wire) => {
      const length = `content-length: ${body.length}\r\n`
      await wire.write(`HTTP/1.1 200 OK\r\n${length}${length}\r\n${body}`)
    }
    expect(await read(repeating)).toBeNull()
  })

  test('a length that does not count: the body is chunked (RFC 9112, section 6.3)', async () => {
    const chunk = 'x'.repeat(5 * LIMIT)
    const lying: Answer = async (wire) => {
      await wire.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n')
      await wire.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n0\r\n\r\n`)
    }
    expect(await read(lying)).toBeNull()
  })

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
