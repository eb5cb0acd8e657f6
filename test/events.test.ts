import { expect, test } from 'bun:test'
import { EventBus, type TaskEvent } from '../src/events.ts'
import { recordingLog } from './support/log.ts'
import { queued } from './support/tasks.ts'

const accepted = (): TaskEvent => ({ type: 'accepted', task: queued() })

test('every subscriber hears every event of its type, in order', () => {
  const events = new EventBus(recordingLog())
  const heard: [string, TaskEvent][] = []
  events.on('accepted', (event) => heard.push(['first', event]))
  events.on('ended', (event) => heard.push(['another', event]))
  events.on('accepted', (event) => heard.push(['second', event]))
  const [one, two] = [accepted(), accepted()]
  events.emit(one)
  events.emit(two)
  expect(heard).toEqual([
    ['first', one],
    ['second', one],
    ['first', two],
    ['second', two],
  ])
})

test('a subscriber that throws is logged, and stops neither the others nor the sender', () => {
  const log = recordingLog()
  const events = new EventBus(log)
  const heard: TaskEvent[] = []
  events.on('accepted', () => {
    throw new Error('a bug')
  })
  events.on('accepted', (event) => heard.push(event))
  const event = accepted()
  events.emit(event)
  expect(heard).toEqual([event])
  expect(log.lines).toMatchObject([
    { level: 'ERROR', fields: { event: 'accepted', task_id: event.task.id, error: 'a bug' } },
  ])
})
