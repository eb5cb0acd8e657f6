import { describe, expect, test } from 'bun:test'
import { allowRealTime, eventually } from '../../support/eventually.ts'
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

  test('are not needed: nothing fails where nobody can listen or tell', async () => {
    await using direct = await createDatabase()
    const url = new URL(direct.url)
    const proxy = await tcpProxy(Number(url.port))
    url.port = String(proxy.port)
    await using node = await Node.open(url.href)
    await proxy[Symbol.asyncDispose]()
    node.database.onNotify(() => expect.unreachable())
    node.database.notify('work')
    await eventually('it fails', () =>
      node.commit().then(
        () => false,
        () => true,
      ),
    )
  })
})
