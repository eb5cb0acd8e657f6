import { expect, test } from 'bun:test'
import { encode, MAX_WAITING_BYTES, mayWait, Reader } from '../../../src/http/live/reader.ts'

const CHUNK = encode('x'.repeat(64 * 1024))

test('who does not read gets a last word, and nothing of what waits for it', async () => {
  let gone = 0
  const reader = new Reader(() => gone++)
  for (let sent = 0; sent < 100; sent++) reader.send([CHUNK], () => 'farewell')
  expect(gone).toBe(1)
  expect(await new Response(reader.stream).text()).toBe('farewell')
})

test('the less may wait, the sooner', () => {
  let gone = 0
  const reader = new Reader(
    () => gone++,
    () => CHUNK.length,
  )
  reader.send([CHUNK], () => '')
  expect(gone).toBe(0)
  reader.send([CHUNK], () => '')
  expect(gone).toBe(1)
})

test('all together, however many they are, may leave 64 MB waiting', () => {
  expect([1, 128].map(mayWait)).toEqual([MAX_WAITING_BYTES, MAX_WAITING_BYTES])
  expect(1000 * mayWait(1000)).toBeCloseTo(64 * 1024 * 1024)
})

test('who has read all may be sent much at once', async () => {
  const reader = new Reader(() => {})
  const much = Array.from({ length: (2 * MAX_WAITING_BYTES) / CHUNK.length }, () => CHUNK)
  reader.send(much, () => 'farewell')
  reader.close()
  expect((await new Response(reader.stream).text()).length).toBe(much.length * CHUNK.length)
})

test('what waits is handed on bit by bit, and the stream ends after it', async () => {
  const reader = new Reader(() => {})
  const stream = reader.stream.getReader()
  const small = encode('y'.repeat(1000))
  for (let sent = 0; sent < 100; sent++) reader.send([small], () => '')
  reader.close('the end')
  const lengths: number[] = []
  for (let part = await stream.read(); !part.done; part = await stream.read()) {
    lengths.push(part.value.length)
  }
  expect(lengths).toEqual([66_000, 34_007])
})

test('who reads gets all', async () => {
  const reader = new Reader(() => {})
  const stream = reader.stream.getReader()
  for (let sent = 0; sent < 100; sent++) {
    reader.send([CHUNK], () => 'farewell')
    expect((await stream.read()).value).toBe(CHUNK)
  }
  reader.close()
  expect(await stream.read()).toEqual({ done: true, value: undefined })
})

test('who waits for something gets it, or the end', async () => {
  const reader = new Reader(() => {})
  const stream = reader.stream.getReader()
  const first = stream.read()
  const second = stream.read()
  reader.send([CHUNK], () => 'farewell')
  expect((await first).value).toBe(CHUNK)
  reader.close()
  expect((await second).done).toBe(true)
})

test('who leaves is gone once, and nothing is sent after it', async () => {
  let gone = 0
  const reader = new Reader(() => gone++)
  await reader.stream.cancel()
  reader.send([CHUNK], () => '')
  reader.close('late')
  expect(gone).toBe(1)
})

test('tells whether it was sent anything since the last look', () => {
  const reader = new Reader(() => {})
  expect(reader.wasIdle()).toBe(true)
  reader.send([CHUNK], () => '')
  expect([reader.wasIdle(), reader.wasIdle()]).toEqual([false, true])
})
