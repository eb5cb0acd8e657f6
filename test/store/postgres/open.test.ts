import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../src/platform/clock.ts'
import { postgresClient, type PostgresClient } from '../../../src/platform/postgres.ts'
import { inspectPostgres } from '../../../src/store/postgres/inspect.ts'
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
import { queued, running } from '../../support/tasks.ts'
import { LEASE_MS, Node } from './opened.ts'

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

/** What some server, database or user may have, and none of our statements may mind. */
const OTHERS = {
  standard_conforming_strings: 'off',
  backslash_quote: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  search_path: '',
  client_encoding: 'LATIN1',
  datestyle: 'SQL, DMY',
  intervalstyle: 'sql_standard',
  timezone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  row_security: 'off',
  default_transaction_deferrable: 'on',
}

async function setAll(database: TestDatabase, settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const shown = name === 'datestyle' ? value : `'${value}'`
    await database.query(`alter database ${database.name} set ${name} = ${shown}`)
  }
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

  test('is right where transactions see no change of others by default, and wait for none', async () => {
    await using database = await createDatabase()
    await setAll(database, {
      default_transaction_isolation: 'serializable',
      lock_timeout: '1ms',
      array_nulls: 'off',
    })
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

  test.each(['true', 'false'])(
    'depends on no setting of the database: prepare=%s',
    async (value) => {
      await using database = await createDatabase()
      await setAll(database, OTHERS)
      if (value === 'true') await setAll(database, { extra_float_digits: '-15' })
      const url = changed(database.url, (copy) => copy.searchParams.set('prepare', value))
      await using node = await Node.open(url)
      await using other = await Node.open(url)
      const tasks = [queued({ idempotencyKey: 'k' }), running({ mode: 'sync' })]
      expect(await node.commit(...tasks.map((task) => node.insert(task)))).toEqual([])
      await node.database.leave(node.session)
      const claims = await other.claim()
      expect(claims.map(({ task, fence }) => [task.id, fence])).toEqual(
        tasks.map(({ id }) => [id, 2]),
      )
      expect(await other.database.findByKey('k')).toEqual(tasks[0]!)
      await other.database.trim(Date.now())
      expect((await other.database.list({ limit: 9 }))!.total).toBe(2)
      const client = postgresClient(url, 'test', 1)
      const { tables } = await inspectPostgres(client, systemClock)
      expect(tables).toMatchObject({ days: 4, nodes: [{ leaseMs: LEASE_MS }] })
      await client.close()
    },
  )

  test.each([
    ['default_transaction_isolation', 'serializable', 'read committed'],
    ['array_nulls', 'off', 'on'],
  ])('is refused where %s is %s, and a pooler lets us say nothing of it', async (...setting) => {
    const [name, value, needed] = setting
    await using database = await createDatabase()
    await setAll(database, { [name]: value })
    const url = changed(database.url, (copy) => copy.searchParams.set('prepare', 'false'))
    expect(await refusal(url)).toBe(
      `it has ${name} ${value}; set it for the user with alter role … set ${name} = '${needed}'`,
    )
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
