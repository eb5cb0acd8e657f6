import { describe, expect, test } from 'bun:test'
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { readAnswerBody } from '../../src/platform/answer-body.ts'
import { BodyBudget } from '../../src/platform/body-budget.ts'
import { decoded } from '../../src/platform/content-coding.ts'
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

const LIMIT = 100_000

async function readFrom(url: string, maxBytes = LIMIT) {
  const { signal } = new AbortController()
  const response = await systemFetch(url, { method: 'GET', headers: {}, signal })
  return readAnswerBody(response, { maxBytes, signal, budget: new BodyBudget(0) })
}

async function read(answer: Answer, maxBytes = LIMIT) {
  await using upstream = scriptedServer(answer)
  return (await readFrom(upstream.url, maxBytes))?.bytes ?? null
}

const chunkedHead = (coding: string) =>
  `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ntransfer-encoding: chunked\r\n\r\n`

/** A coded body, with its length or chunked. */
function coded(coding: string, body: Uint8Array, chunked = false): Answer {
  if (!chunked) return reply({ headers: { 'content-encoding': coding }, body })
  return async (wire) => {
    await wire.write(chunkedHead(coding))
    for (let at = 0; at < body.length; at += 1000) {
      const chunk = body.subarray(at, at + 1000)
      await wire.write(`${chunk.length.toString(16)}\r\n`)
      await wire.write(chunk)
      await wire.write('\r\n')
    }
    await wire.write('0\r\n\r\n')
  }
}

describe('reading at most', () => {
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

  test.each([0, 1, 16_384, 16_385, LIMIT - 1, LIMIT])('%p bytes are read whole', async (size) => {
    const body = Buffer.from('0123456'.repeat(size)).subarray(0, size)
    expect(Buffer.from((await read(reply({ body })))!).equals(body)).toBe(true)
  })

  test.each([LIMIT, 1000])(
    'one more than %p is not read, with a length and without',
    async (limit) => {
      expect(await read(reply({ body: 'x'.repeat(limit + 1) }), limit)).toBeNull()
      const unmeasured: Answer = async (wire) => {
        await wire.write(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(limit + 1)}`)
        wire.end()
      }
      expect(await read(unmeasured, limit)).toBeNull()
    },
  )

  test('what never ends is cut off, connection and all', async () => {
    await using upstream = scriptedServer(endless())
    expect(await readFrom(upstream.url)).toBeNull()
    await eventually('cut off', () => upstream.connections === 0)
  })

  test('a body that breaks off rejects', async () => {
    await expect(read(truncated)).rejects.toThrow()
  })
})

const CODINGS: [string, (bytes: Buffer) => Buffer][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['gzip, zstd', (bytes) => zstdCompressSync(gzipSync(bytes))],
  ['identity, gzip', gzipSync],
  ['deflate, gzip,br', (bytes) => brotliCompressSync(gzipSync(deflateSync(bytes)))],
]

describe.each(CODINGS)('%s', (coding, encode) => {
  // Not all the same: coded, it is longer than one chunk.
  const body = Buffer.from(Array.from({ length: LIMIT }, (_, at) => (at * at * 31) % 251))
  const whole = encode(body)

  test.each([false, true])('is undone (chunked: %p)', async (chunked) => {
    const bytes = await read(coded(coding, whole, chunked))
    expect(Buffer.from(bytes!).equals(body)).toBe(true)
  })

  test('counts as what comes out', async () => {
    expect(await read(coded(coding, encode(Buffer.alloc(LIMIT + 1))))).toBeNull()
    const bomb = coded(coding, encode(Buffer.alloc(50_000_000)))
    await using upstream = scriptedServer(bomb)
    expect(await readFrom(upstream.url)).toBeNull()
  })

  test('counts as what comes in, too', async () => {
    expect(await read(coded(coding, whole), whole.length - 1)).toBeNull()
    expect(await read(coded(coding, whole, true), whole.length - 1)).toBeNull()
  })

  test.each([1, 10, -5, -1])('that ends too early (at %p) is damaged', async (end) => {
    const rejection = read(coded(coding, whole.subarray(0, end)))
    await expect(rejection).rejects.toThrow(/^the answer's \S+ is damaged: /)
  })

  test('that is none is damaged', async () => {
    const rejection = read(coded(coding, Buffer.from('{"not": "coded"}')))
    await expect(rejection).rejects.toThrow(/is damaged/)
  })

  test('of nothing is nothing', async () => {
    expect(await read(coded(coding, Buffer.alloc(0)))).toEqual(new Uint8Array())
    expect(await read(coded(coding, Buffer.alloc(0), true))).toEqual(new Uint8Array())
  })
})

test('a coding inside another can’t hold more than the limit, even if that decodes to nothing', async () => {
  const nothings = Buffer.concat(Array.from({ length: 20_000 }, () => gzipSync('')))
  expect(await read(coded('gzip, br', brotliCompressSync(nothings)))).toBeNull()
})

test.each<[string, Buffer]>([
  ['compress', Buffer.from('text')],
  ['gzip, compress', gzipSync('text')],
  ['aws-chunked', Buffer.from('text')],
  ['gzip, gzip, gzip, gzip, gzip', Buffer.from('text')],
])('%s is left as it is, and named', async (coding, body) => {
  await using upstream = scriptedServer(coded(coding, body))
  const answer = await readFrom(upstream.url)
  expect(answer?.coding).toBe(coding)
  expect(Buffer.from(answer!.bytes).equals(body)).toBe(true)
})

describe('zstd', () => {
  const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
  const one = zstdCompressSync('one '.repeat(500), checksum)
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
  const two = zstdCompressSync(
    Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * at) % 253)),
  )
  const all = Buffer.concat([one, skippable, two])

  test('of several frames ends with one of them, and nowhere else', async () => {
    const ends = new Set([one.length, one.length + skippable.length, all.length])
    for (let end = 1; end <= all.length; end++) {
      const source = (async function* () {
        for (let at = 0; at < end; at += 7)
          yield new Uint8Array(all.subarray(at, Math.min(end, at + 7)))
      })()
      const isWhole = await Array.fromAsync(decoded(source, 'zstd')).then(
        () => true,
        () => false,
      )
      expect([end, isWhole]).toEqual([end, ends.has(end)])
    }
  })

  test('with a window of more than 8 MiB is damaged', async () => {
    // Its magic number, no content size, a window of 16 MiB, and an empty last block.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 14 << 3, 1, 0, 0])
    await expect(read(coded('zstd', frame))).rejects.toThrow(/is damaged/)
    frame[5] = 13 << 3
    expect(await read(coded('zstd', frame))).toEqual(new Uint8Array())
  })
})

describe('memory', () => {
  const settled = async (promise: Promise<unknown>) =>
    (await Promise.race([promise.then(() => true), Bun.sleep(0).then(() => false)])) as boolean

  test('beyond the budget a reader waits, and the oldest goes on', async () => {
    const { signal } = new AbortController()
    const budget = new BodyBudget(10)
    const [a, b, c] = [budget.open(signal), budget.open(signal), budget.open(signal)]
    expect([a.take(4), b.take(4), c.take(2)]).toEqual([undefined, undefined, undefined])
    expect(a.take(100)).toBeUndefined()
    const [forB, forC] = [b.take(1)!, c.take(1)!]
    expect([await settled(forB), await settled(forC)]).toEqual([false, false])
    a.release()
    expect([await settled(forB), await settled(forC)]).toEqual([true, true])
    const again = c.take(8)!
    // Safe twice: nothing is given back that others hold.
    a.release()
    expect(await settled(again)).toBe(false)
    b.release()
    expect(await settled(again)).toBe(true)
  })

  test('what is given back is there for others', async () => {
    const { signal } = new AbortController()
    const budget = new BodyBudget(10)
    const [a, b] = [budget.open(signal), budget.open(signal)]
    expect(a.take(10)).toBeUndefined()
    const forB = b.take(4)!
    a.give(5)
    expect(await settled(forB)).toBe(true)
    a.release()
    expect(b.take(6)).toBeUndefined()
  })

  test.each([10, 11, 15, 16, 17, 18, 22, 24])(
    'a decoder takes its window of 2 ** %p bytes, and gives it back',
    async (bits) => {
      const params = { [constants.BROTLI_PARAM_LGWIN]: bits }
      const body = brotliCompressSync(Buffer.from('x'.repeat(50)), { params })
      const calls: unknown[] = []
      const share = {
        take: (bytes: number) => void calls.push(['take', bytes]),
        give: (bytes: number) => void calls.push(['give', bytes]),
        release() {},
      }
      const source = (async function* () {
        yield new Uint8Array(body)
      })()
      const pieces = await Array.fromAsync(decoded(source, 'br', share))
      expect(Buffer.concat(pieces).toString()).toBe('x'.repeat(50))
      expect(calls).toEqual([
        ['take', 2 ** bits],
        ['give', 2 ** bits],
      ])
    },
  )

  test('a wait ends when its request does, and takes nothing', async () => {
    const budget = new BodyBudget(10)
    const oldest = budget.open(new AbortController().signal)
    oldest.take(10)
    const request = new AbortController()
    const [gone, next] = [budget.open(request.signal), budget.open(new AbortController().signal)]
    const wait = gone.take(5)!
    request.abort()
    await expect(wait).rejects.toThrow()
    gone.release()
    const forNext = next.take(10)!
    oldest.release()
    expect(await settled(forNext)).toBe(true)
  })

  test('answers whose sum is over the budget are all read', async () => {
    await using upstream = scriptedServer(reply({ body: 'x'.repeat(LIMIT) }))
    const { signal } = new AbortController()
    const budget = new BodyBudget(LIMIT)
    const readOne = async () => {
      const response = await systemFetch(upstream.url, { method: 'GET', headers: {}, signal })
      const body = await readAnswerBody(response, { maxBytes: LIMIT, signal, budget })
      body!.release()
      return body!.bytes.byteLength
    }
    const sizes = await Promise.all(Array.from({ length: 20 }, readOne))
    expect(sizes).toEqual(Array.from({ length: 20 }, () => LIMIT))
  })
})
