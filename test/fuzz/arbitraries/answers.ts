/** Answers of other servers, byte for byte: right ones, broken ones, bombs. */
import fc from 'fast-check'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import type { Answer } from '../../support/scripted-server.ts'
import type { HeaderLines } from '../areas/submission.ts'
import { asLatin1, headerValue, oddText, rarely } from './texts.ts'

const CODINGS = {
  none: (bytes: Uint8Array) => bytes,
  gzip: (bytes: Uint8Array) => gzipSync(bytes),
  br: (bytes: Uint8Array) => brotliCompressSync(bytes),
  deflate: (bytes: Uint8Array) => deflateSync(bytes),
  'raw deflate': (bytes: Uint8Array) => deflateRawSync(bytes),
  zstd: (bytes: Uint8Array) => Bun.zstdCompressSync(bytes),
  twice: (bytes: Uint8Array) => gzipSync(gzipSync(bytes)),
}
const NAMES: Record<Coding, string> = {
  ...{ none: '', gzip: 'gzip', br: 'br', deflate: 'deflate', 'raw deflate': 'deflate' },
  ...{ zstd: 'zstd', twice: 'gzip, gzip' },
}
type Coding = keyof typeof CODINGS

export interface ScriptedAnswer {
  readonly start: string
  /** Beside those of the coding and the framing. */
  readonly lines: HeaderLines
  /** Latin-1: a character is a byte. */
  readonly body: string
  /** How often the body follows itself. */
  readonly times: number
  readonly coding: Coding
  /** What the answer says of its coding, if that is not the truth. */
  readonly saidCoding: string | null
  readonly framing: 'length' | 'chunked' | 'close' | 'longer' | 'shorter' | 'bad chunks' | 'both'
  /** Where it breaks off, as a share of all bytes. */
  readonly cut: number | null
  readonly end: 'fin' | 'reset' | 'stays open'
}

const KNOWN: Record<string, readonly string[]> = {
  'Retry-After': [
    '0',
    '1',
    '60',
    '61',
    '-1',
    '1e9',
    '99999999999999999999',
    '1.5',
    ' 5',
    'soon',
  ].concat([
    'Wed, 21 Oct 2026 07:28:00 GMT',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Wed, 99 Foo 99999 99:99:99 GMT',
  ]),
  'Content-Type': ['application/json', 'text/html', '', 'application/json; charset=utf-16', 'a/b;'],
  'Content-Encoding': ['gzip', 'br', 'zstd', 'identity', 'x', 'gzip, br, gzip, br', ''],
  'Content-Length': ['0', '1', '-1', '99999999999999999999', '1, 2', '0x5', ''],
  'Transfer-Encoding': ['chunked', 'gzip', 'identity', 'chunked, chunked'],
  Location: ['http://127.0.0.1:1/', '/', '//x', 'file:///etc/passwd', 'http://[::1'],
  'Set-Cookie': ['a=b', '='],
  Connection: ['close', 'keep-alive', 'upgrade'],
  Trailer: ['X'],
}

export const retryAfter = headerValue(KNOWN['Retry-After']!)

const line = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(...Object.keys(KNOWN))
      .chain((name) => fc.tuple(fc.constant(name), headerValue(KNOWN[name]!))),
  },
  { weight: 1, arbitrary: fc.tuple(oddText.map(asLatin1), headerValue(['a'])) },
)

const STARTS = [
  200, 200, 200, 201, 204, 206, 301, 302, 304, 400, 401, 404, 418, 429, 500, 502, 503, 504, 599,
].map((status) => `HTTP/1.1 ${status} Scripted`)
const ODD_STARTS = [
  ...[
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 199 X',
    'HTTP/1.0 200 OK',
  ],
  ...['HTTP/1.1 200', 'HTTP/1.1 999 X', 'HTTP/1.1 1000 X', 'HTTP/1.1 -1 X', 'HTTP/1.1 000 X', ''],
  ...[
    'HTTP/2 200 OK',
    'ICY 200 OK',
    'SSH-2.0-OpenSSH_9.6',
    '\0\0',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 2OO OK',
  ],
]

export function answers(body: fc.Arbitrary<string>): fc.Arbitrary<ScriptedAnswer> {
  const mostly = <T>(usual: T, ...others: readonly T[]) =>
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(usual) },
      { weight: 1, arbitrary: fc.constantFrom(...others) },
    )
  return fc.record({
    start: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...STARTS) },
      { weight: 1, arbitrary: fc.constantFrom(...ODD_STARTS) },
    ),
    lines: fc.oneof(
      { weight: 2, arbitrary: fc.constant<HeaderLines>([]) },
      { weight: 1, arbitrary: fc.array(line, { maxLength: 4 }) },
    ),
    body,
    times: fc.oneof(
      { weight: 12, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.nat(200_000) },
    ),
    coding: mostly<Coding>('none', ...(Object.keys(CODINGS) as Coding[])),
    saidCoding: mostly<string | null>(null, ...Object.values(NAMES), 'x', 'compress'),
    framing: mostly<ScriptedAnswer['framing']>(
      'length',
      'chunked',
      'close',
      'longer',
      'shorter',
      'bad chunks',
      'both',
    ),
    cut: rarely(fc.double({ min: 0, max: 1, noNaN: true })),
    end: mostly<ScriptedAnswer['end']>('fin', 'reset', 'stays open'),
  })
}

const MAX_BYTES = 8_000_000

/** The body before its coding. */
export function plainBody({ body, times }: ScriptedAnswer): Buffer {
  const bytes = Buffer.from(body, 'latin1')
  return Buffer.concat(
    Array(Math.min(times, Math.ceil(MAX_BYTES / (bytes.length || 1)))).fill(bytes),
  )
}

/** Whether a client can read it, all of it, and as what it is. */
export function isClean(answer: ScriptedAnswer): boolean {
  const { start, lines, saidCoding, framing, cut, coding } = answer
  const isFramed = ['length', 'chunked', 'close'].includes(framing)
  const isWhole = cut === null && answer.end === 'fin' && isFramed && lines.length === 0
  const hasBody = STARTS.includes(start) && !/ (?:204|304) /.test(start)
  return isWhole && hasBody && (saidCoding === null || saidCoding === NAMES[coding])
}

export function bytesOf(answer: ScriptedAnswer): Buffer {
  const { coding, saidCoding, framing, cut } = answer
  const body = Buffer.from(CODINGS[coding](plainBody(answer)))
  const said = saidCoding ?? NAMES[coding]
  const lines = [
    ...answer.lines,
    ...(said ? ([['Content-Encoding', said]] as const) : []),
    ...framingLines(framing, body.length),
  ]
  const head = `${answer.start}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  const all = Buffer.concat([Buffer.from(head, 'latin1'), ...framed(framing, body)])
  return cut === null ? all : all.subarray(0, Math.floor(cut * all.length))
}

function framingLines(framing: ScriptedAnswer['framing'], length: number): HeaderLines {
  const chunked = ['Transfer-Encoding', 'chunked'] as const
  const said = framing === 'longer' ? length + 10 : framing === 'shorter' ? length >> 1 : length
  if (framing === 'chunked' || framing === 'bad chunks') return [chunked]
  if (framing === 'close') return []
  return [['Content-Length', String(said)], ...(framing === 'both' ? [chunked] : [])]
}

function framed(framing: ScriptedAnswer['framing'], body: Buffer): Buffer[] {
  if (framing !== 'chunked' && framing !== 'bad chunks' && framing !== 'both') return [body]
  const size = (length: number) => Buffer.from(`${length.toString(16)}\r\n`)
  const half = body.subarray(0, body.length >> 1)
  const rest = body.subarray(half.length)
  const wrong = framing === 'bad chunks' ? 1 : 0
  const chunk = (bytes: Buffer) =>
    bytes.length === 0 ? [] : [size(bytes.length + wrong), bytes, Buffer.from('\r\n')]
  return [...chunk(half), ...chunk(rest), Buffer.from('0\r\n\r\n')]
}

export function scripted(bytes: Uint8Array, end: ScriptedAnswer['end']): Answer {
  return async (wire) => {
    await wire.write(bytes)
    if (end === 'fin') wire.end()
    if (end === 'reset') wire.reset()
  }
}
