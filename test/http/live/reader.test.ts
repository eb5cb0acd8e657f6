import { expect, test } from 'bun:test'
import { encode, Reader } from '../../../src/http/live/reader.ts'

const CHUNK = encode('x'.repeat(64 * 1024))

test('who does not read gets a last word, and no more', async () => {
  let gone = 0
  const reader = new Reader(() => gone++)
  for (let sent = 0; sent < 100; sent++) reader.send(CHUNK, () => 'farewell')
  expect(gone).toBe(1)
  const text = await new Response(reader.stream).text()
  expect(text.length).toBe(8 * CHUNK.length + 'farewell'.length)
  expect(text.endsWith('farewell')).toBe(true)
})

test('who reads gets all', async () => {
  const reader = new Reader(() => {})
  const stream = reader.stream.getReader()
  for (let sent = 0; sent < 100; sent++) {
    reader.send(CHUNK, () => 'farewell')
    expect((await stream.read()).value).toBe(CHUNK)
  }
  reader.close()
  expect(await stream.read()).toEqual({ done: true, value: undefined })
})

test('who leaves is gone once, and nothing is sent after it', async () => {
  let gone = 0
  const reader = new Reader(() => gone++)
  await reader.stream.cancel()
  reader.send(CHUNK, () => '')
  reader.close('late')
  expect(gone).toBe(1)
})

test('tells whether it was sent anything since the last look', () => {
  const reader = new Reader(() => {})
  expect(reader.wasIdle()).toBe(true)
  reader.send(CHUNK, () => '')
  expect([reader.wasIdle(), reader.wasIdle()]).toEqual([false, true])
})
