import { expect, test } from 'bun:test'
import { Lease } from '../../../src/store/shared/lease.ts'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { recordingLog } from '../../support/log.ts'
import { scriptedDatabase } from '../../support/scripted-database.ts'

const LEASE_MS = 30_000

async function leasing(script: Partial<SharedDatabase> = {}) {
  const clock = new FakeClock()
  const scripted = scriptedDatabase(script)
  const told: string[] = []
  const log = recordingLog()
  const lost = Promise.withResolvers<void>()
  const lease = new Lease({
    database: scripted.database,
    node: { name: 'a', version: '1' },
    leaseMs: LEASE_MS,
    clock,
    log,
    onLost: () => {
      told.push('lost')
      return lost.promise
    },
    undo: async () => void told.push('undo'),
    onJoined: () => void told.push('joined'),
  })
  await lease.start()
  return { ...scripted, clock, lease, log, told, letGo: lost.resolve }
}

const refuses = () => Promise.reject(new Error('no connection'))
const hangs = () => new Promise<never>(() => {})

test('is renewed at a third, for as long as the node runs', async () => {
  const { clock, lease, of } = await leasing()
  await clock.advance(10 * LEASE_MS)
  expect(of('renew')).toHaveLength(30)
  expect(of('renew').every(([session]) => session === 'session-1')).toBe(true)
  expect(lease.session).toBe('session-1')
  await lease.stop()
  expect(of('leave')).toEqual([['session-1']])
  expect(clock.pending).toBe(0)
})

test.each([
  ['refuses', refuses],
  ['hangs', hangs],
])('a database that %s for less than the lease costs nothing', async (_, renew) => {
  const { clock, lease, script, told } = await leasing()
  script.renew = renew
  await clock.advance(20_000)
  delete script.renew
  // A question that hangs is given up first.
  await clock.advance(6000)
  expect([lease.session, told]).toEqual(['session-1', []])
  await lease.stop()
})

test('runs out here before it runs out there', async () => {
  const { clock, lease, of, told } = await leasing({ renew: refuses })
  await clock.advance(26_999)
  expect(lease.session).toBe('session-1')
  await clock.advance(1)
  expect([lease.session, told]).toEqual([null, ['lost']])
  expect(of('leave')).toEqual([])
  await lease.stop()
})

test('that is not renewed says why, once', async () => {
  const { clock, lease, log } = await leasing({ renew: refuses })
  await clock.advance(10_000)
  expect(log.lines).toEqual([])
  await clock.advance(10_000)
  expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([
    ['WARNING', { what: 'renew', error: 'no connection' }],
  ])
  await lease.stop()
})

test('counts from when it was asked for, not from when the answer came', async () => {
  const { clock, lease, script } = await leasing()
  script.renew = () => clock.sleep(4000).then(() => true)
  await clock.advance(14_000)
  script.renew = refuses
  await clock.advance(10_000 + 27_000 - 14_000 - 1)
  expect(lease.session).toBe('session-1')
  await clock.advance(1)
  expect(lease.session).toBeNull()
  await lease.stop()
})

test('a session that was declared dead is lost at once, and another begins once nothing of it runs', async () => {
  const { clock, lease, script, told, letGo, of } = await leasing()
  script.renew = async () => false
  await clock.advance(10_000)
  expect([lease.session, told]).toEqual([null, ['lost']])
  delete script.renew
  await clock.advance(LEASE_MS)
  expect(of('join')).toHaveLength(1)
  letGo()
  await clock.settle()
  expect(of('leave')).toEqual([['session-1']])
  expect([lease.session, told]).toEqual(['session-2', ['lost', 'undo', 'joined']])
  await lease.stop()
})

test('what says that it is dead is asked about at once', async () => {
  const { clock, lease, of, told } = await leasing({ renew: async () => false })
  lease.doubt()
  lease.doubt()
  await clock.settle()
  expect([lease.session, told]).toEqual([null, ['lost']])
  expect([of('renew').length, of('join').length]).toEqual([1, 1])
  await lease.stop()
})

test('is tried for again until there is a database', async () => {
  const { clock, lease, script, letGo } = await leasing({ renew: async () => false })
  letGo()
  script.join = refuses
  await clock.advance(10_000)
  await clock.advance(60_000)
  expect(lease.session).toBeNull()
  delete script.join
  await clock.advance(1000)
  expect(lease.session).toBe('session-2')
  await lease.stop()
})

test('others are rescued only after a lease without a break', async () => {
  const { clock, lease, script } = await leasing()
  await clock.advance(LEASE_MS - 1)
  expect(lease.mayRescue).toBe(false)
  await clock.advance(1)
  expect(lease.mayRescue).toBe(true)
  script.renew = refuses
  await clock.advance(10_000)
  expect(lease.mayRescue).toBe(false)
  delete script.renew
  await clock.advance(1000)
  await clock.advance(LEASE_MS - 1000)
  expect(lease.mayRescue).toBe(false)
  await clock.advance(1000)
  expect(lease.mayRescue).toBe(true)
  await lease.stop()
})

test('a pause of the process is a break, too', async () => {
  const { clock, lease } = await leasing()
  await clock.advance(LEASE_MS)
  expect(lease.mayRescue).toBe(true)
  // All timers are late, as after SIGSTOP and SIGCONT.
  const monotonic = clock.monotonic.bind(clock)
  clock.monotonic = () => monotonic() + 18_000
  expect(lease.mayRescue).toBe(false)
  await clock.advance(10_000)
  expect(lease.mayRescue).toBe(false)
  await clock.advance(LEASE_MS)
  expect(lease.mayRescue).toBe(true)
  await lease.stop()
})

test('a node that stops while it is lost begins nothing more', async () => {
  const { clock, lease, told, letGo, of } = await leasing({ renew: async () => false })
  await clock.advance(10_000)
  await lease.stop()
  letGo()
  await clock.advance(LEASE_MS)
  expect(told).toEqual(['lost'])
  expect([of('join').length, of('leave')]).toEqual([1, [['session-1']]])
  expect(clock.pending).toBe(0)
})
