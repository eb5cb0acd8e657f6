import { expect, test } from 'bun:test'
import { LineWriter } from '../../src/platform/line-writer.ts'
import { FakeClock, turn } from '../support/fake-clock.ts'

/** Takes what the test lets it take; the rest finds it full, or broken. */
function scriptedOutput() {
  const output = {
    room: Infinity,
    without: 'full' as 'full' | 'broken',
    text: '',
    writes: 0,
    write(data: string | Uint8Array) {
      if (output.room === 0) return output.without
      const taken = Buffer.from(data as string).subarray(0, output.room)
      output.room -= taken.length
      output.text += Buffer.from(taken).toString('latin1')
      output.writes++
      return taken.length
    },
  }
  return output
}

function openWriter() {
  const output = scriptedOutput()
  const clock = new FakeClock()
  const writer = new LineWriter(output, clock)
  writer.droppedLine = (count) => `dropped ${count}`
  return { output, clock, writer }
}

const KB = 'x'.repeat(1023)

test('the lines of one turn are one write, after the turn', async () => {
  const { output, writer } = openWriter()
  writer.write('one')
  writer.write('two')
  expect(output.writes).toBe(0)
  await turn()
  writer.write('three')
  await turn()
  expect(output).toMatchObject({ text: 'one\ntwo\nthree\n', writes: 2 })
})

test('what the reader does not take waits for it, and no line is torn', async () => {
  const { output, clock, writer } = openWriter()
  output.room = 5
  writer.write('one')
  writer.write('two')
  await turn()
  writer.write('three')
  await turn()
  expect(output.text).toBe('one\nt')
  output.room = Infinity
  await clock.advance(5)
  expect(output.text).toBe('one\ntwo\nthree\n')
  expect(clock.pending).toBe(0)
})

test('beyond 1 MB lines are dropped, and counted where they are missing', async () => {
  const { output, clock, writer } = openWriter()
  output.room = 0
  for (let line = 0; line < 1024; line++) writer.write(KB)
  for (let line = 0; line < 7; line++) writer.write('dropped')
  output.room = 1024 * 300
  await clock.advance(5)
  // Less than half of it has room: two gaps would follow each other.
  writer.write('dropped too')
  output.room = 1024 * 300
  await clock.advance(5)
  writer.write('kept')
  output.room = Infinity
  await clock.advance(5)
  const lines = output.text.trimEnd().split('\n')
  expect(lines.slice(1024)).toEqual(['dropped 8', 'kept'])
})

test('the count is out even if nothing is logged any more', async () => {
  const { output, clock, writer } = openWriter()
  output.room = 0
  for (let line = 0; line < 1030; line++) writer.write(KB)
  output.room = Infinity
  await clock.advance(5)
  expect(output.text).toEndWith('dropped 6\n')
})

test('the limit is bytes, not characters', async () => {
  const { output, clock, writer } = openWriter()
  output.room = 0
  for (let line = 0; line < 500; line++) writer.write('€'.repeat(1000))
  output.room = Infinity
  await clock.advance(5)
  expect(output.text.length).toBeWithin(1024 * 1024 - 3001, 1024 * 1024 + 100)
})

test('a quick reader gets more than 1 MB in one turn', () => {
  const { output, writer } = openWriter()
  for (let line = 0; line < 3000; line++) writer.write(KB)
  writer.flush(0)
  expect(output.text).toBe(`${KB}\n`.repeat(3000))
})

test('a disk that is full for a while costs no line', async () => {
  const { output, clock, writer } = openWriter()
  Object.assign(output, { room: 6, without: 'broken' })
  writer.write('one')
  writer.write('two')
  await turn()
  output.room = Infinity
  await clock.advance(1000)
  expect(output.text).toBe('one\ntwo\n')
})
