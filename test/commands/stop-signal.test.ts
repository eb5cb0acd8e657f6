import { expect, test } from 'bun:test'
import { stopSignal } from '../../src/commands/stop-signal.ts'
import { FakeClock, turn } from '../support/fake-clock.ts'

/** A process that gets signals, and what becomes of it. */
function process() {
  const clock = new FakeClock()
  const seen = { stops: false, exit: null as number | null, err: '' }
  let signal: (name: string) => void = () => {}
  const io = {
    onStopSignal: (callback: (name: string) => void) => void (signal = callback),
    stderr: (text: string) => void (seen.err += text),
    exit: (code: number) => void (seen.exit = code),
  }
  void stopSignal(io, clock, () => 2).then(() => (seen.stops = true))
  return { clock, seen, send: (name: string) => signal(name) }
}

test('the first signal stops it', async () => {
  const { seen, send } = process()
  expect(seen.stops).toBe(false)
  send('SIGTERM')
  await turn()
  expect(seen).toEqual({ stops: true, exit: null, err: '' })
})

test('Ctrl-C that comes from the terminal and from `bun run` is one signal', async () => {
  const { clock, seen, send } = process()
  send('SIGINT')
  send('SIGINT')
  await clock.advance(499)
  send('SIGINT')
  expect(seen).toEqual({ stops: true, exit: null, err: '' })
})

test('Ctrl-C again ends it at once', async () => {
  const { clock, seen, send } = process()
  send('SIGINT')
  await clock.advance(500)
  send('SIGINT')
  expect(seen).toMatchObject({ exit: 130, err: 'ended at once; 2 tasks were running\n' })
})

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
])('so does any other second signal, however soon: %s, %s', (first, second) => {
  const { seen, send } = process()
  send(first)
  send(second)
  expect(seen.exit).toBe(130)
})
