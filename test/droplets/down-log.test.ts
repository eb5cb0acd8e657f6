/** Which of all that is found out about droplets somebody at night has to read. */
import { expect, test } from 'bun:test'
import { Directory } from '../../src/droplets/directory.ts'
import { createHealth } from '../../src/droplets/health.ts'
import { EventBus } from '../../src/events.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { running } from '../support/tasks.ts'
import { droplet } from '../registry/mesh.ts'

const INTERVAL_MS = 30_000
const MINUTE_MS = 60_000

/** What a probe or an attempt is answered with: a status, or why there was none. */
type Found = number | string

/** A droplet `Echo` of which probes find `probe`, and tasks what the test says. */
function watched(options: { probe?: Found; intervalMs?: number } = {}) {
  const clock = new FakeClock()
  const log = recordingLog()
  const events = new EventBus(log)
  const directory = Directory.of([droplet('Echo', { url: 'http://echo.test:1/base' })])
  const state = { probe: options.probe ?? 200 }
  const health = createHealth({
    clock,
    log,
    events,
    fetch: async () => {
      if (typeof state.probe === 'string') throw new Error(state.probe)
      return new Response('', { status: state.probe })
    },
    intervalMs: options.intervalMs ?? INTERVAL_MS,
    list: { directory: () => directory },
  })
  health.start()
  return {
    clock,
    health,
    state,
    lines: log.lines,
    said: () => log.lines.map(({ msg }) => msg.replace('a droplet is ', '')),
    tasksFind(...found: Found[]) {
      for (const one of found) {
        const [status, error] = typeof one === 'number' ? [one, null] : [null, one]
        const task = running({ dropletName: 'echo' })
        const attempts = task.attempts.map((attempt) => ({ ...attempt, error }))
        const outcome = status === null ? 'unreachable' : 'answered'
        const result = { outcome, status, durationMs: 1 } as const
        events.emit({ type: 'attempt ended', task: { ...task, attempts }, result })
      }
    },
    [Symbol.asyncDispose]: () => health.stop(),
  }
}

test('down and up again are told once each, with where it is and why', async () => {
  await using echo = watched({ intervalMs: 0 })
  echo.tasksFind(200, 200, 'refused by http://echo.test/?k=secret', 503, 504, 404, 200)
  const fields = { droplet: 'Echo', url: 'http://echo.test:1/base' }
  expect(echo.lines).toEqual([
    { level: 'INFO', msg: 'a droplet is down', fields: { ...fields, response_status: 503 } },
    { level: 'INFO', msg: 'a droplet is up again', fields: { ...fields, response_status: 404 } },
  ])
  await using other = watched({ intervalMs: 0 })
  other.tasksFind(502, 'refused by http://echo.test/?k=secret')
  const error = 'refused by http://echo.test/?k=REDACTED'
  expect(other.lines[0]?.fields).toEqual({ ...fields, response_status: null, error })
})

test('a 500 is no news, whoever finds it: not down, and not up again', async () => {
  await using echo = watched({ probe: 500 })
  for (let n = 0; n < 500; n++) echo.tasksFind(200, 500)
  await echo.clock.advance(10 * INTERVAL_MS)
  expect(echo.health.of('echo').reachable).toBe(false)
  expect(echo.said()).toEqual([])
  echo.tasksFind(503, 500, 503, 503, 500, 501)
  expect(echo.said()).toEqual(['down'])
  echo.tasksFind(200)
  expect(echo.said()).toEqual(['down', 'up again'])
})

test('one probe that fails is no news; one that is down from the start is', async () => {
  await using echo = watched({ probe: 'no route' })
  await echo.clock.advance(1000)
  expect(echo.health.of('echo').reachable).toBe(false)
  expect(echo.said()).toEqual([])
  await echo.clock.advance(2 * INTERVAL_MS)
  expect(echo.said()).toEqual(['down'])
  expect(echo.lines[0]?.fields).toMatchObject({ response_status: null, error: 'no route' })
  await echo.clock.advance(100 * INTERVAL_MS)
  echo.state.probe = 200
  await echo.clock.advance(2 * INTERVAL_MS)
  expect(echo.said()).toEqual(['down', 'up again'])
})

const FLAPPING: [string, Found, Found][] = [
  ['probes fail and tasks succeed', 'no answer within 2000 ms', 200],
  ['probes succeed and tasks fail', 404, 'no answer in 30000 ms'],
]
test.each(FLAPPING)('while %s, little is told', async (_, probe, found) => {
  await using echo = watched({ probe })
  for (const pause of [1, 20, 70, 130, 240]) {
    for (let n = 0; n < 200; n++) {
      await echo.clock.advance(pause * 1000)
      echo.tasksFind(found, found)
    }
  }
  expect(echo.lines.length).toBeLessThan(15)
})

test.each([502, 503, 'ECONNRESET'])(
  'of answers of which half are %p, little is told',
  async (bad) => {
    await using echo = watched({ intervalMs: 0 })
    // Rows of every length, as chance makes them: 1 of 1000 attempts begins one of 10.
    for (let n = 1; n <= 1000; n++) {
      const row = Math.clz32(n & -n) ^ 31
      echo.tasksFind(200, ...Array<Found>(row + 1).fill(bad))
    }
    expect(echo.lines.length).toBeLessThan(10)
  },
)

test('once it has been well for ten minutes, all is as at first', async () => {
  await using echo = watched({ intervalMs: 0 })
  for (let night = 0; night < 10; night++) {
    echo.tasksFind(503, 503, 200)
    await echo.clock.advance(10 * MINUTE_MS + 1)
  }
  expect(echo.lines).toHaveLength(20)
  echo.tasksFind(503, 503, 200, 503, 503, 200)
  expect(echo.lines).toHaveLength(22)
  await echo.clock.advance(10 * MINUTE_MS)
  echo.tasksFind(503, 503, 200)
  expect(echo.lines).toHaveLength(22)
})
