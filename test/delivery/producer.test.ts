import { expect, test } from 'bun:test'
import { Producer } from '../../src/delivery/producer.ts'
import type { Claim } from '../../src/store/shared/work.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { claimOf } from '../support/scripted-database.ts'
import { queued } from '../support/tasks.ts'

/** A queue of 8 slots, and a database with so many tasks that nobody owns. */
function producing(available: number, concurrency = 8) {
  const clock = new FakeClock()
  const log = recordingLog()
  const asked: [count: number, except: readonly string[]][] = []
  const world = { available, waiting: 0, except: [] as string[], fails: false }
  const claim = async (count: number, except: readonly string[]): Promise<Claim[]> => {
    asked.push([count, except])
    if (world.fails) throw new Error('no connection')
    const taken = Math.min(count, world.available)
    world.available -= taken
    return Array.from({ length: taken }, () => claimOf(queued()))
  }
  const producer = new Producer(
    { claim, node: { name: 'a', version: '1' } },
    {
      clock,
      log,
      concurrency,
      wanted: () => ({ count: concurrency - world.waiting, except: world.except }),
      adopt: () => void world.waiting++,
      beforeAsking: () => {},
    },
  )
  return { clock, log, asked, world, producer }
}

test('takes as many as the queue can make use of, and none of the droplets that are shut', async () => {
  const { clock, asked, world, producer } = producing(20)
  world.except = ['shut']
  producer.start()
  await clock.settle()
  expect(asked).toEqual([[8, ['shut']]])
  producer.stop()
  expect(clock.pending).toBe(0)
})

test('asks again as soon as half of the slots are free, if there was more', async () => {
  const { clock, asked, world, producer } = producing(20)
  producer.start()
  await clock.settle()
  for (world.waiting = 7; world.waiting > 4; world.waiting--) producer.slot()
  expect(asked).toHaveLength(1)
  producer.slot()
  expect(asked).toHaveLength(2)
  producer.stop()
})

test('asks again as soon as a droplet that was left out has room, and for no other slot', async () => {
  const { clock, asked, world, producer } = producing(0)
  world.except = ['a', 'b']
  producer.start()
  await clock.settle()
  producer.slot()
  expect(asked).toHaveLength(1)
  world.except = ['b']
  producer.slot()
  await clock.settle()
  producer.slot()
  expect(asked).toEqual([
    [8, ['a', 'b']],
    [8, ['b']],
  ])
  producer.stop()
})

test('asks again at once where a droplet that is left out gets room while it asks', async () => {
  const { clock, asked, world, producer } = producing(0)
  world.except = ['a']
  producer.start()
  world.except = []
  producer.work()
  producer.slot()
  producer.work()
  await clock.settle()
  expect(asked).toEqual([
    [8, ['a']],
    [8, []],
  ])
  producer.stop()
})

test('asks an idle database less and less, once a second at last, and never less', async () => {
  const { clock, asked, producer } = producing(0)
  producer.start()
  await clock.advance(10_000)
  const settled = asked.length
  expect(settled).toBeLessThan(25)
  await clock.advance(60_000)
  expect(asked.length - settled).toBeWithin(45, 81)
  producer.stop()
})

test('asks for what has passed its deadline once a second, though nothing else is wanted', async () => {
  const { clock, asked, world, producer } = producing(0)
  world.waiting = 8
  producer.start()
  await clock.advance(10_000)
  expect(asked.every(([count]) => count === 0)).toBe(true)
  expect(asked.length).toBeWithin(9, 11)
  producer.stop()
})

test('is quick again where there is something', async () => {
  const { clock, asked, world, producer } = producing(0)
  producer.start()
  await clock.advance(10_000)
  world.available = 1
  while (world.available > 0) await clock.advance(10)
  const found = asked.length
  await clock.advance(75)
  expect(asked.length).toBe(found + 1)
  producer.stop()
})

test('asks at once when it is told of work, also while it asks', async () => {
  const { clock, asked, world, producer } = producing(0)
  producer.start()
  await clock.settle()
  world.available = 2
  producer.work()
  producer.work()
  await clock.settle()
  expect(asked.length).toBe(3)
  expect(world.available).toBe(0)
  producer.stop()
})

test('told again and again of what may be left out, it asks every 50 ms', async () => {
  const { clock, asked, world, producer } = producing(0)
  world.except = ['shut']
  producer.start()
  for (let ms = 0; ms < 500; ms += 5) {
    producer.work()
    await clock.advance(5)
  }
  expect(asked.length).toBeWithin(8, 13)
  world.available = 1
  producer.work()
  await clock.advance(50)
  expect(world.available).toBe(0)
  producer.stop()
  producer.work()
  expect(clock.pending).toBe(0)
})

test('goes on when the database does not answer', async () => {
  const { clock, log, asked, world, producer } = producing(5)
  world.fails = true
  producer.start()
  await clock.advance(5000)
  expect(asked.length).toBeGreaterThan(4)
  expect(log.messages('WARNING')).toEqual(['no tasks can be claimed'])
  world.fails = false
  await clock.advance(2000)
  expect(world.available).toBe(0)
  producer.stop()
})

test('stopped, it asks no more, whatever it is told', async () => {
  const { clock, asked, producer } = producing(20)
  producer.start()
  producer.stop()
  await clock.settle()
  producer.work()
  producer.slot()
  await clock.advance(5000)
  expect(asked).toHaveLength(1)
})
