/** What the service refuses, in words. */
import { describe, expect, test } from 'bun:test'
import { ApiError, Unreachable } from '../../src/client/api-error.ts'
import { tellFailure } from '../../src/commands/remote/failure.ts'
import { scriptedIo } from '../support/command-io.ts'

interface Refusal {
  status: number
  code: string
  message?: string
  details?: Record<string, unknown>
  retryAfter?: string
}

const envelope = ({ code, message = 'Why', details = {} }: Refusal) =>
  JSON.stringify({ status: 'error', error: { code, message, details } })

async function told(refusal: Refusal, json = false) {
  const headers: Record<string, string> = {}
  if (refusal.retryAfter) headers['retry-after'] = refusal.retryAfter
  const response = new Response(envelope(refusal), { status: refusal.status, headers })
  const io = scriptedIo()
  const code = tellFailure(await ApiError.of(response), io, json)
  return { code, err: io.err, out: io.out }
}

describe('a refusal', () => {
  test.each([
    [{ status: 401, code: 'UNAUTHORIZED' }, 77, /^UNAUTHORIZED: Why\nSet ORCHESTRATOR_TOKEN to /],
    [{ status: 403, code: 'FORBIDDEN' }, 77, /^FORBIDDEN: Why\nSet ORCHESTRATOR_TOKEN to /],
    [
      { status: 429, code: 'RATE_LIMITED', retryAfter: '1' },
      1,
      /^RATE_LIMITED: Why\nTry again in 1 second\.\n$/,
    ],
    [
      { status: 503, code: 'OVERLOADED', details: { retry_after_seconds: 5 }, retryAfter: '5' },
      1,
      /^OVERLOADED: Why\nTry again in 5 seconds\.\n$/,
    ],
    [
      { status: 409, code: 'IDEMPOTENCY_KEY_IN_USE', details: { task_id: 'x' } },
      1,
      /task id: x\nFollow it with: orchestrator task show x --wait\n$/,
    ],
    [
      { status: 504, code: 'TIMEOUT', details: { total_duration_ms: 61_000, last_error: null } },
      1,
      /^TIMEOUT: Why\n {2}total duration: 61\.0 s\n$/,
    ],
    [
      { status: 500, code: 'INTERNAL_ERROR', details: { request_id: 'r', n: [1] } },
      1,
      /^INTERNAL_ERROR: Why\n {2}request id: r\n {2}n: \[1\]\n$/,
    ],
    [
      {
        status: 400,
        code: 'DROPLET_NOT_FOUND',
        details: { requested_droplet: 'a', available_droplets: [] },
      },
      1,
      /^DROPLET_NOT_FOUND: Why\n.*none now\.\n$/,
    ],
  ] as [Refusal, number, RegExp][])('%p', async (refusal, code, words) => {
    const found = await told(refusal)
    expect([found.code, found.out]).toEqual([code, ''])
    expect(found.err).toMatch(words)
  })

  test('goes to stdout as it came where JSON is wanted, and in words to stderr', async () => {
    const refusal = { status: 404, code: 'TASK_NOT_FOUND', details: { task_id: 'x' } }
    const { out, err, code } = await told(refusal, true)
    expect([code, out]).toEqual([1, `${envelope(refusal)}\n`])
    expect(err).toStartWith('TASK_NOT_FOUND: Why\n')
  })

  test('holds nothing raw', async () => {
    const details = { last_error: '\u001b[31m\u202e' }
    const { err } = await told({
      status: 503,
      code: 'DROPLET_UNREACHABLE',
      message: 'a\u0007',
      details,
    })
    expect(err).toBe('DROPLET_UNREACHABLE: a\\u0007\n  last error: \\u001b[31m\\u202e\n')
  })
})

test('what is no failure of the service is not taken for one', () => {
  expect(() => tellFailure(new Error('a bug'), scriptedIo(), false)).toThrow('a bug')
})

test('a service that cannot be reached', () => {
  const io = scriptedIo()
  const cause = Object.assign(new Error('x'), { code: 'ENOTFOUND' })
  expect(tellFailure(new Unreachable('http://h/orchestrator', cause), io, true)).toBe(69)
  expect([io.out, io.err.split('\n')[0]]).toEqual([
    '',
    'http://h/orchestrator cannot be reached: ENOTFOUND: no address is known for the name',
  ])
})
