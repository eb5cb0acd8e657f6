/** Raw bytes: halves of requests, several in one, bad chunks, null bytes, anything. */
import fc from 'fast-check'
import type { Area } from '../area.ts'
import { asLatin1, oddText, rarely } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import { exchange } from '../wire.ts'
import { MAX_BODY_BYTES } from '../world.ts'
import { aMoment, TASKS } from './submission.ts'

const BODY = JSON.stringify({ droplet_name: 'echo', path: '/' })
const LINES = `Host: localhost\r\nContent-Type: application/json\r\n`
const whole = `POST ${TASKS} HTTP/1.1\r\n${LINES}Content-Length: ${BODY.length}\r\n\r\n${BODY}`
const chunked = `POST ${TASKS} HTTP/1.1\r\n${LINES}Transfer-Encoding: chunked\r\n\r\n`
const hex = BODY.length.toString(16)

const PARTS = [
  ...[
    whole,
    whole,
    whole,
    whole,
    `${chunked}${hex}\r\n${BODY}\r\n0\r\n\r\n`,
    chunked,
    `${hex}\r\n${BODY}\r\n`,
    '0\r\n\r\n',
    '0\r\nX: y\r\n\r\n',
  ],
  ...[
    `${hex};a=b\r\n${BODY}\r\n`,
    `-1\r\n`,
    `${'f'.repeat(16)}\r\n`,
    `0x5\r\n`,
    `${hex}\n${BODY}\n`,
  ],
  ...[
    'GET /orchestrator/health HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.0\r\n\r\n',
    'GET /\r\n\r\n',
  ],
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\x16\x03\x01\x02\0\x01\0',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ],
  ...['Host: b\r\n', 'X: y\r\n z\r\n', ': \r\n', 'X\r\n', `X: ${'y'.repeat(20_000)}\r\n`],
  ...[
    'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
    'Content-Length: 5\r\nContent-Length: 6\r\n',
  ],
  ...[
    'GET / HTTP/1.1\r\n',
    `POST ${TASKS} HTTP/1.1\r\n`,
    'HTTP/1.1 200 OK\r\n\r\n',
    'GET / HTTP/9.9\r\n',
  ],
  ...[`POST ${TASKS} HTTP/1.1\r\n${LINES}Content-Length: ${2 * MAX_BODY_BYTES}\r\n\r\n`],
]

const part = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...PARTS) },
  { weight: 2, arbitrary: oddText.map(asLatin1) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 200 })
      .map((bytes) => Buffer.from(bytes).toString('latin1')),
  },
  { weight: 1, arbitrary: fc.nat(2 * MAX_BODY_BYTES).map((count) => 'x'.repeat(count)) },
)

interface Input {
  /** Sent one after the other, Latin-1. */
  readonly pieces: readonly string[]
}

export const sockets: Area<Input> = {
  name: 'sockets',
  share: 10,
  inputs: fc.record({
    pieces: fc
      .tuple(
        fc.array(part, { minLength: 1, maxLength: 6 }),
        rarely(fc.double({ min: 0, max: 1, noNaN: true }), 3),
      )
      .map(([parts, cut]) =>
        cut === null ? parts : [...parts.slice(0, -1), cutAt(parts.at(-1)!, cut)],
      ),
  }),
  async run({ pieces }, world) {
    const { answers, bytes } = await exchange(world.url, pieces, {
      hangUp: () => aMoment(world),
      answers: pieces.length,
    })
    for (const answer of answers) await expectProper(answer, { mayBeBare: true })
    return bytes
  },
}

const cutAt = (text: string, share: number) => text.slice(0, Math.floor(share * text.length))
