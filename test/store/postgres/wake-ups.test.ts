import { describe, expect, mock, test } from 'bun:test'
import { PostgresError, type PostgresClient } from '../../../src/platform/postgres.ts'
import { WakeUps } from '../../../src/store/postgres/wake-ups.ts'
import { allowRealTime, eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { createDatabase, hasPostgres, withPostgres } from '../../support/postgres.ts'
import { tcpProxy } from '../../support/tcp-proxy.ts'
import { Node, withNodes } from './opened.ts'

allowRealTime()

type Told = ('work' | 'cancel')[]

/** What a node is told from now on; it hears once that it listens. */
async function listening({ database }: Node): Promise<Told> {
  const told: Told = []
  database.onNotify((what) => told.push(what))
  await eventually('it listens', () => told.length === 2)
  expect(told.splice(0)).toEqual(['work', 'cancel'])
  return told
}

describe.skipIf(!hasPostgres)(`wake-ups through Postgres${withPostgres}`, () => {
  test('reach the other nodes, many of one moment once', () =>
    withNodes(2, async ([one, other]) => {
      const told = await listening(other!)
      for (let times = 0; times < 50; times++) one!.database.notify('work')
      one!.database.notify('cancel')
      await eventually('told', () => told.length === 2)
      expect(told.splice(0).sort()).toEqual(['cancel', 'work'])
      one!.database.notify('work')
      await eventually('told again', () => told.length === 1)
      expect(told).toEqual(['work'])
    }))

  test('ask for all when the connection is there again: what came meanwhile is lost', async () => {
    await using direct = await createDatabase()
    const url = new URL(direct.url)
    await using proxy = await tcpProxy(Number(url.port))
    url.port = String(proxy.port)
    await using node = await Node.open(url.href)
    const told = await listening(node)
    proxy.cut()
    await eventually('told again', () => told.length >= 2)
    expect(told.slice(0, 2)).toEqual(['work', 'cancel'])
  })
})

test('wake-ups are not needed: nobody can listen or tell, and it is tried again', async () => {
  const clock = new FakeClock()
  const refuses = async () => Promise.reject(new PostgresError('away', null, 'CLOSED', null))
  const queries = mock(refuses)
  const listens = mock<PostgresClient['listen']>(refuses)
  const client = { listen: listens, close: async () => {} } as unknown as PostgresClient
  const wakeUps = new WakeUps({ query: queries }, () => client, clock)
  const told: Told = []
  wakeUps.onNotify((what) => told.push(what))
  wakeUps.notify('work')
  await clock.advance(5000)
  expect([queries.mock.calls.length, listens.mock.calls.length, told]).toEqual([1, 3, []])
  listens.mockResolvedValue()
  await clock.advance(2000)
  expect(told).toEqual(['work', 'cancel'])
  wakeUps.notify('work')
  await wakeUps.close()
  expect(clock.pending).toBe(0)
})
