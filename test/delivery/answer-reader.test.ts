import { afterEach, describe, expect, spyOn, test } from 'bun:test'
import { AnswerReader } from '../../src/delivery/answer-reader.ts'
import { FakeClock } from '../support/fake-clock.ts'

class CountingClock extends FakeClock {
  turns = 0
  override soon = (callback: () => void): void => {
    setImmediate(() => {
      this.turns++
      callback()
    })
  }
}

const MB = 1_000_000
const CHUNK = new Uint8Array(50_000).fill('1'.charCodeAt(0))

/** JSON, a number; its length is not told. It breaks off as fetch's does, when its request ends. */
function answer(length: number, signal?: AbortSignal): Response {
  let sent = 0
  return new Response(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (signal?.aborted) return controller.error(signal.reason)
        if (sent >= length) return controller.close()
        const chunk = CHUNK.slice(0, length - sent)
        sent += chunk.length
        controller.enqueue(chunk)
      },
    }),
  )
}

describe('while long answers are read', () => {
  let stop = new AbortController()
  afterEach(() => {
    stop.abort()
    stop = new AbortController()
  })

  test.each([20_000, 60_000])('one of %p bytes need not wait for them', async (length) => {
    const clock = new CountingClock()
    const reader = new AnswerReader({ clock, maxResponseBytes: 10 * MB })
    const long = Array.from({ length: 64 }, () => reader.read(answer(10 * MB), stop.signal))
    const ends = Promise.allSettled(long)
    await clock.settle(() => clock.turns > 200)
    const { turns } = clock
    const { body } = await reader.read(answer(length), stop.signal)
    expect(body).toHaveLength(length)
    // A few for each of them; in all, they need more than 20,000.
    expect(clock.turns - turns).toBeLessThan(5 * 64)
    stop.abort()
    await ends
  })

  test('each turn has one slice, whoever it is of', async () => {
    const clock = new CountingClock()
    const reader = new AnswerReader({ clock, maxResponseBytes: MB })
    const decode = spyOn(TextDecoder.prototype, 'decode')
    try {
      let most = 0
      const soon = clock.soon
      clock.soon = (callback) =>
        soon(() => {
          most = Math.max(most, decode.mock.calls.length)
          decode.mockClear()
          callback()
        })
      const long = Array.from({ length: 10 }, () => reader.read(answer(MB), stop.signal))
      for (const { body } of await Promise.all(long)) expect(body).toHaveLength(MB)
      expect(most).toBe(1)
    } finally {
      decode.mockRestore()
    }
  })

  test('those whose requests have ended end, and the others go on', async () => {
    const clock = new CountingClock()
    const reader = new AnswerReader({ clock, maxResponseBytes: 10 * MB })
    const ended = Promise.allSettled(
      Array.from({ length: 20 }, () => reader.read(answer(10 * MB, stop.signal), stop.signal)),
    )
    const { signal } = new AbortController()
    const other = reader.read(answer(10 * MB), signal)
    await clock.settle(() => clock.turns > 1000)
    stop.abort()
    const { turns } = clock
    expect((await other).body).toHaveLength(10 * MB)
    // To read it and to make it into JSON: not what the others would take.
    expect(clock.turns - turns).toBeLessThan(1000)
    for (const { status } of await ended) expect(status).toBe('rejected')
  })
})
