import { effect, signal } from '@preact/signals'
import { expect, test } from 'bun:test'
import type { LiveEvent } from '../../src/client/types.ts'
import { Inbox } from '../../src/web/app/state/inbox.ts'

const event = (id: string) => ({ type: 'task', id }) as unknown as LiveEvent

function inbox() {
  const seen = signal('')
  const drawn: string[] = []
  effect(() => void drawn.push(seen.value))
  const frames: (() => void)[] = []
  const deliver = ({ id }: LiveEvent) => void (seen.value += id)
  return { drawn, frames, events: new Inbox(deliver, (run) => frames.push(run)) }
}

test('a thousand events are drawn once, in their order', () => {
  const { drawn, frames, events } = inbox()
  for (const id of ['a', 'b', 'c']) events.add(event(id))
  expect(drawn).toEqual([''])
  frames[0]!()
  expect(drawn).toEqual(['', 'abc'])
  events.add(event('d'))
  expect(frames).toHaveLength(2)
  frames[1]!()
  expect(drawn).toEqual(['', 'abc', 'abcd'])
})

test('what is cleared is given to nobody', () => {
  const { drawn, frames, events } = inbox()
  events.add(event('a'))
  events.clear()
  events.add(event('b'))
  frames[0]!()
  expect(drawn).toEqual(['', 'b'])
})
