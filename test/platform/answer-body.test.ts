import { afterAll, beforeEach, describe, expect, spyOn, test } from 'bun:test'
import { Duplex, Readable } from 'node:stream'
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { readAnswerBody } from '../../src/platform/answer-body.ts'
import { BodyBudget, FREE_BYTES } from '../../src/platform/body-budget.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { decoded } from '../../src/platform/content-coding.ts'
import { systemFetch } from '../../src/platform/fetch.ts'
import { readPieces, type Pieces } from '../../src/platform/pieces.ts'
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
  return readAnswerBody(response, {
    maxBytes,
    signal,
    budget: new BodyBudget(0),
    turns: systemClock,
  })
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

const once = (body: Uint8Array) =>
  (async function* () {
    yield new Uint8Array(body)
  })()

describe('memory', () => {
  test.each([10, 11, 15, 16, 17, 18, 22, 24])(
    'a decoder takes what it keeps, at most its window of 2 ** %p bytes, and gives it back',
    async (bits) => {
      const size = 300_000
      const params = { [constants.BROTLI_PARAM_LGWIN]: bits }
      const body = brotliCompressSync(Buffer.alloc(size, 'x'), { params })
      let [held, most] = [0, 0]
      const share = {
        take: (bytes: number) => void (most = Math.max(most, (held += bytes))),
        give: (bytes: number) => void (held -= bytes),
        release() {},
      }
      const pieces = await Array.fromAsync(decoded(once(body), 'br', share))
      expect(Buffer.concat(pieces).length).toBe(size)
      expect([held, most]).toEqual([0, Math.min(2 ** bits, size)])
    },
  )

  test('answers whose sum is over the budget are all read', async () => {
    await using upstream = scriptedServer(reply({ body: 'x'.repeat(3 * FREE_BYTES) }))
    const { signal } = new AbortController()
    const options = { maxBytes: 1e6, signal, budget: new BodyBudget(LIMIT), turns: systemClock }
    const readOne = async () => {
      const response = await systemFetch(upstream.url, { method: 'GET', headers: {}, signal })
      const body = await readAnswerBody(response, options)
      body!.release()
      return body!.bytes.byteLength
    }
    const sizes = await Promise.all(Array.from({ length: 20 }, readOne))
    expect(sizes).toEqual(Array.from({ length: 20 }, () => 3 * FREE_BYTES))
  })
})

describe('when it ends early', () => {
  // Its first bytes are over the limit when they are decoded; what follows can't be compressed.
  const noise = Array.from({ length: 300_000 }, (_, at) => Bun.hash.xxHash32(`${at}`) % 256)
  const body = gzipSync(Buffer.concat([Buffer.alloc(1_000_000), Buffer.from(noise)]))
  const damaged = Buffer.from(body).fill(7, 10_000, 11_000)
  let destroyed: string[] = []
  const destroy = spyOn(Duplex.prototype, 'destroy')
  beforeEach(() => {
    destroyed = []
    destroy.mockImplementation(function (this: Duplex, ...args) {
      // Sockets of the tests before may end meanwhile.
      if (this.constructor.name !== 'Socket') destroyed.push(this.constructor.name)
      return Readable.prototype.destroy.apply(this, args) as Duplex
    })
  })
  afterAll(() => destroy.mockRestore())

  test.each([
    ['at the limit', body, 500_000],
    ['for damage', damaged, 2_000_000],
  ])('%s, each decoder is closed', async (_, bytes, maxBytes) => {
    const budget = new BodyBudget(0)
    const whole = zstdCompressSync(brotliCompressSync(bytes))
    await using upstream = scriptedServer(coded('gzip, br, zstd', whole))
    const { signal } = new AbortController()
    const response = await systemFetch(upstream.url, { method: 'GET', headers: {}, signal })
    const options = { maxBytes, signal, budget, turns: systemClock }
    expect(await readAnswerBody(response, options).catch(() => null)).toBeNull()
    await eventually('closed', () => new Set(destroyed).size === 3)
    expect(new Set(destroyed)).toEqual(new Set(['Gunzip', 'BrotliDecompress', 'ZstdDecompress']))
  })
})

test('damage is found before the rest has come', async () => {
  const hanging: Answer = (wire) => wire.write(`${chunkedHead('gzip')}5\r\nhello\r\n`)
  await expect(read(hanging)).rejects.toThrow(/is damaged/)
})

describe('no turn of the event loop handles more than 64 KiB of what comes in', () => {
  const SIZE = 1_000_000

  test.each([
    ['in one piece', [SIZE]],
    ['in many pieces', Array.from({ length: 1000 }, () => SIZE / 1000)],
  ])('%s', async (_, sizes) => {
    let turns = 0
    let handled = 0
    let most = 0
    const clock = {
      soon(callback: () => void) {
        turns++
        handled = 0
        systemClock.soon(callback)
      },
    }
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const size of sizes) controller.enqueue(new Uint8Array(size))
        controller.close()
      },
    })
    const counting = async function* (pieces: Pieces) {
      for await (const piece of pieces) {
        most = Math.max(most, (handled += piece.byteLength))
        yield piece
      }
    }
    const options = { maxBytes: SIZE, stages: [counting], turns: clock }
    expect((await readPieces(stream, options))?.byteLength).toBe(SIZE)
    expect(most).toBeLessThanOrEqual(64 * 1024)
    expect(turns).toBeLessThan(20)
  })
})
