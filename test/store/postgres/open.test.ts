import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../src/platform/clock.ts'
import { postgresClient, type PostgresClient } from '../../../src/platform/postgres.ts'
import { LATEST_VERSION, upgradeSchema } from '../../../src/store/postgres/migrate.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import { freePort } from '../../support/binary-service.ts'
import { allowRealTime } from '../../support/eventually.ts'
import { failureOf } from '../../support/failure.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  createDatabase,
  hasPostgres,
  withPostgres,
  type TestDatabase,
} from '../../support/postgres.ts'
import { lockTable } from '../../support/table-lock.ts'
import { queued } from '../../support/tasks.ts'
import { Node } from './opened.ts'

allowRealTime()

const open = (url: string) =>
  openPostgres(url, { maxFinished: 10, ttlMs: 0 }, { clock: systemClock })

/** The message with which it rejects; it never has the password. */
async function refusal(url: string): Promise<string> {
  const { message } = await failureOf(open(url))
  expect(message).not.toContain(new URL(url).password)
  return message
}

function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url)
  change(copy)
  return copy.href
}

async function versionIn(database: TestDatabase): Promise<unknown> {
  const [row] = await database.query('select version from orchestrator.meta')
  return row.version
}

describe.skipIf(!hasPostgres)(`opening Postgres${withPostgres}`, () => {
  test('of several at once: one makes the schema, and all work', async () => {
    await using database = await createDatabase()
    const nodes = await Promise.all(Array.from({ length: 4 }, () => Node.open(database.url)))
    for (const node of nodes) {
      expect(await node.commit(node.insert(queued()))).toEqual([])
      await node.database.close()
    }
    expect(await versionIn(database)).toBe(LATEST_VERSION)
  })

  test('works without named statements, as behind a pooler', async () => {
    await using database = await createDatabase()
    const url = changed(database.url, (copy) => copy.searchParams.set('prepare', 'false'))
    await using node = await Node.open(url)
    const task = queued()
    await node.commit(node.insert(task))
    expect(await node.database.find(task.id)).toEqual(task)
  })

  test.each([
    ['', 1],
    ['?prepare=false', 0],
  ])('names its statements, but not behind a pooler: %s', async (parameters, names) => {
    await using database = await createDatabase()
    const client = postgresClient(database.url + parameters, 'a test', 1)
    await client.query('select $1::int4', [1])
    expect(await client.query('select 1 from pg_prepared_statements')).toHaveLength(names)
    await client.close()
  })

  test('is right for a server whose transactions see no change of others by default', async () => {
    await using database = await createDatabase()
    await database.query(
      `alter database ${database.name} set default_transaction_isolation = 'serializable'`,
    )
    await using node = await Node.open(database.url)
    await using other = await Node.open(database.url)
    await using lock = await lockTable(database, 'orchestrator.live')
    const task = queued({ idempotencyKey: 'k' })
    const inserted = [node, other].map((each) =>
      each.commit(each.offer({ ...task, id: Bun.randomUUIDv7() })),
    )
    await lock.waiting('insert into orchestrator.live', 1)
    await lock.release()
    const refused = (await Promise.all(inserted)).flat()
    expect(refused).toEqual([{ index: 0, reason: 'key taken' }])
  })

  test('of a newer schema is refused', async () => {
    await using database = await createDatabase()
    await (await open(database.url)).close()
    await database.query('update orchestrator.meta set version = 1000')
    expect(await refusal(database.url)).toContain('newer version of the service: 1000')
    expect(await versionIn(database)).toBe(1000)
  })

  test('tells what is wrong with the server, the user and the database', async () => {
    await using database = await createDatabase()
    const port = String(await freePort())
    const away = changed(database.url, (url) => void (url.port = port))
    expect(await refusal(away)).toBe(`no Postgres answers at 127.0.0.1:${port}`)
    const stranger = changed(database.url, (url) => void (url.password = 'not-it'))
    expect(await refusal(stranger)).toContain('refuses the user postgres')
    const nowhere = changed(database.url, (url) => void (url.pathname = '/no%20where'))
    expect(await refusal(nowhere)).toContain('has no database no where: create it first')
  })

  test('tells a user without the right to create a schema, who may use one that is there', async () => {
    await using database = await createDatabase()
    const user = `limited_${database.name}`
    await database.query(`create role ${user} login password 'secret-of-${user}'`)
    try {
      const url = changed(database.url, (copy) => {
        copy.username = user
        copy.password = `secret-of-${user}`
      })
      expect(await refusal(url)).toContain(`the user ${user} may not do all that is needed`)
      await (await open(database.url)).close()
      await database.query(`grant all on schema orchestrator to ${user}`)
      await database.query(`grant all on all tables in schema orchestrator to ${user}`)
      await (await open(url)).close()
      await database.query(`revoke all on orchestrator.counts from ${user}`)
      const clock = new FakeClock()
      const opened = openPostgres(url, { maxFinished: 10, ttlMs: 0 }, { clock })
      expect((await failureOf(opened)).message).toContain(`the user ${user} may not do all`)
      expect(clock.pending).toBe(0)
    } finally {
      await database.query(`drop owned by ${user}`)
      await database.query(`drop role ${user}`)
    }
  })

  test('tells of a pooler that takes no parameters of ours', async () => {
    const fields = ['SFATAL', 'VFATAL', 'C08P01', 'Munsupported startup parameter: jit', '']
    const text = Buffer.from(fields.map((field) => `${field}\0`).join(''))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(4 + text.length)
    using pooler = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        data: (socket) => void socket.end(Buffer.concat([Buffer.from('E'), length, text])),
      },
    })
    const message = await refusal(`postgres://a:hunter2@127.0.0.1:${pooler.port}/a`)
    expect(message).toContain('add ?prepare=false to the URL')
  })

  test.each([
    [{ number: 130_012, name: '13.12', standby: false, encoding: 'UTF8' }, 'it is Postgres 13.12'],
    [{ number: 150_000, name: '15.0', standby: true, encoding: 'UTF8' }, 'standby'],
    [{ number: 150_000, name: '15.0', standby: false, encoding: 'LATIN1' }, 'LATIN1'],
  ])('of a server that will not do is refused: %j', async (server, message) => {
    const client = { query: async () => [server] } as unknown as PostgresClient
    expect((await failureOf(upgradeSchema(client))).message).toContain(message)
  })
})
