/** The doctor before a real Postgres, with a real fault for each of its checks. */
import { SQL } from 'bun'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { check } from '../../../src/commands/check.ts'
import { CLOCK } from '../../../src/commands/doctor/clock.ts'
import { doctor } from '../../../src/commands/doctor/doctor.ts'
import { lookAtPostgres } from '../../../src/commands/doctor/postgres.ts'
import { lookAtVacuum } from '../../../src/commands/doctor/vacuum.ts'
import { doctorWorld } from '../../../src/commands/doctor/world.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemFetch } from '../../../src/platform/fetch.ts'
import { postgresClient } from '../../../src/platform/postgres.ts'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import { MAX_CONNECTIONS } from '../../../src/store/postgres/database.ts'
import { inspectPostgres } from '../../../src/store/postgres/inspect.ts'
import { LATEST_VERSION } from '../../../src/store/postgres/migrate.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import { scriptedIo } from '../../support/command-io.ts'
import { testConfig } from '../../support/config.ts'
import { diagnosisOf, type Diagnosis } from '../../support/doctor.ts'
import { allowRealTime, eventually } from '../../support/eventually.ts'
import { failureOf } from '../../support/failure.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { joinAsBefore, makeSchema } from '../../support/old-schema.ts'
import {
  createDatabase,
  hasPostgres,
  startPostgres,
  withPostgres,
  type TestDatabase,
} from '../../support/postgres.ts'
import { RETENTION } from '../../support/store.ts'
import { queued } from '../../support/tasks.ts'
import { temporaryDir } from '../../support/temporary.ts'

allowRealTime()

/** So long that none runs out during a test. */
const LEASE_MS = 600_000
const dir = temporaryDir()
afterAll(() => dir[Symbol.dispose]())

const settings = (url: string, more: Record<string, string> = {}) => ({
  TASK_DB: url,
  PUBLIC_URL: 'http://127.0.0.1:1',
  PORT: '0',
  REGISTRY_URL: 'http://127.0.0.1:1',
  REGISTRY_CACHE_DIR: dir.file('cache'),
  TASK_LEASE: String(LEASE_MS / 1000),
  TASK_HISTORY_TTL: String(RETENTION.ttlMs / 1000),
  ...more,
})

const passwordOf = (url: string) => decodeURIComponent(new URL(url).password)

async function diagnose(url: string, more: Record<string, string> = {}): Promise<Diagnosis> {
  const io = scriptedIo(settings(url, more))
  const code = await doctor(['--json'], io)
  const text = scriptedIo(settings(url, more))
  await doctor([], text)
  for (const { out, err } of [io, text]) expect(out + err).not.toContain(passwordOf(url))
  return diagnosisOf(code, io.out)
}

const NAMES = ['database', 'connections', 'vacuum', 'partitions', 'nodes', 'clock', 'queue']

/** Of the checks that look into Postgres, those that are not ok. */
function wrongIn({ wrong }: Diagnosis): string[] {
  return NAMES.filter((name) => wrong[name] !== undefined)
}

test('with a SQLite file, no check asks for a Postgres', async () => {
  const io = scriptedIo({ ...settings(dir.file('tasks.db')), PUBLIC_URL: '' })
  const found = diagnosisOf(await doctor(['--json'], io), io.out)
  expect(found.skipped).toEqual([])
  expect(found.of('vacuum')).toBe('')
})

test.each([
  [
    'nobody there',
    'postgres://orc:pass-word@127.0.0.1:1/tasks',
    'no Postgres answers at 127.0.0.1:1',
  ],
])('%s', async (_, url, reason) => {
  const found = await diagnose(url)
  expect(found.of('database')).toStartWith('failure: postgres://orc:***@127.0.0.1:1/tasks: ')
  expect(found.of('database')).toContain(reason)
  expect([found.code, wrongIn(found)]).toEqual([1, ['database']])
  expect(found.of('queue')).toBe('ok: not known without the database')
})

test.each([
  [{ number: 130_014, name: '13.14' }, 'is Postgres 13.14'],
  [{ isStandby: true }, 'is a standby, which takes no writes'],
])('a server that is none for us: %p', async (server, reason) => {
  const sound = { number: 150_018, name: '15.18', isStandby: false, encoding: 'UTF8', bytes: 1 }
  const state = { server: { ...sound, ...server, now: 0, aheadMs: 0 } } as never
  const config = testConfig({ task: { db: 'postgres://u:p@h/d' } })
  const [finding] = await lookAtPostgres({ config, postgres: async () => state })
  expect(finding).toMatchObject({ level: 'failure', found: expect.stringContaining(reason) })
})

describe.skipIf(!hasPostgres)(`with Postgres${withPostgres}`, () => {
  let db: TestDatabase
  let store: SharedDatabase
  beforeAll(async () => {
    db = await createDatabase()
  })
  afterAll(async () => {
    await store?.close()
    await db[Symbol.asyncDispose]()
  })

  test('an empty one: the service makes its tables', async () => {
    const found = await diagnose(db.url)
    expect(found.of('database')).toContain('our tables are not there yet: the service makes them')
    expect(found.of('nodes')).toBe('ok: none has been here yet')
    expect(wrongIn(found)).toEqual([])
    expect(await db.query("select 1 from pg_namespace where nspname = 'orchestrator'")).toEqual([])
  })

  test('with one node at work nothing is wrong', async () => {
    store = await openPostgres(db.url, RETENTION, { clock: systemClock })
    const session = await store.join({ name: 'one:8001', version: '1.1.0' }, LEASE_MS)
    await store.trim(Date.now())
    const task = queued({}, Date.now())
    await store.commit(
      [{ kind: 'insert', task, hold: { session, fence: 1, step: 1 }, waitMs: 0 }],
      0,
    )
    const found = await diagnose(db.url)
    expect(wrongIn(found)).toEqual([])
    expect(found.of('database')).toMatch(
      /^ok: postgres:.*: Postgres 1\d.*; schema \d+, the newest$/,
    )
    expect(found.of('database')).toContain('postgres:***@')
    expect(found.of('nodes')).toBe('ok: 1 node: one:8001 (1.1.0)')
    expect(found.of('connections')).toContain(`1 node may take ${MAX_CONNECTIONS}`)
    expect(found.of('partitions')).toBe('ok: there are those of today and of 3 days more')
    expect(found.of('vacuum')).toStartWith('ok: nothing holds it back')
    expect(found.of('clock')).toBe('ok: it agrees with Postgres')
    expect(found.of('queue')).toBe('ok: 1 asynchronous task queued')
    expect(found.of('disk')).toContain('that of Postgres is its own')
  })

  test('one that stands still', async () => {
    await using server = await startPostgres()
    const still = await createDatabase(server)
    server.freeze()
    const io = scriptedIo(settings(still.url))
    const found = diagnosisOf(await doctor(['--json'], io), io.out)
    expect(found.of('database')).toMatch(/no Postgres answers at|it gives no answer within 8 s/)
    expect([found.code, wrongIn(found)]).toEqual([1, ['database']])
    server.thaw()
  })

  test('a wrong password, and a database that is not there', async () => {
    const wrong = new URL(db.url)
    wrong.password = 'not-that-one'
    expect((await diagnose(wrong.href)).of('database')).toContain('refuses the user postgres')
    const missing = new URL(db.url)
    missing.pathname = '/gone'
    expect((await diagnose(missing.href)).of('database')).toContain('has no database gone')
  })

  test('a user that may not', async () => {
    await using other = await createDatabase()
    await other.query("create role reader login password 'reader-word'")
    const reader = new URL(other.url)
    ;[reader.username, reader.password] = ['reader', 'reader-word']
    expect((await diagnose(reader.href)).of('database')).toContain(
      'the user reader may not make a schema in it → as its owner: grant create on database',
    )
    const owned = new URL(db.url)
    ;[owned.username, owned.password] = ['reader', 'reader-word']
    await db.query('grant usage, create on schema orchestrator to reader')
    const found = await diagnose(owned.href)
    expect(found.of('database')).toContain('does not own all that is in the schema orchestrator')
    await db.query('grant select on all tables in schema orchestrator to reader')
    expect((await diagnose(owned.href)).of('database')).toStartWith('failure: ')
    expect(await check([], scriptedIo(settings(owned.href)))).toBe(1)
    await db.query('revoke all on all tables in schema orchestrator from reader')
    await db.query('revoke all on schema orchestrator from reader')
    await db.query('drop role reader')
  })

  test('a user who owns all, and may only read', async () => {
    await using other = await createDatabase()
    await other.query("create role writer login password 'writer-word'")
    await other.query(`grant create on database ${other.name} to writer`)
    const writer = new URL(other.url)
    ;[writer.username, writer.password] = ['writer', 'writer-word']
    await (await openPostgres(writer.href, RETENTION, { clock: systemClock })).close()
    expect((await diagnose(writer.href)).of('database')).toStartWith('ok: ')
    await other.query('revoke update on orchestrator.live from writer')
    const found = await diagnose(writer.href)
    expect(found.of('database')).toMatch(
      /^failure: .*: the user writer may not write all tables .* → .*grant .* to writer$/,
    )
    await other.query('drop owned by writer')
    await other.query('drop role writer')
  })

  test.each([
    ['the database', 'database'],
    ['the user', 'role postgres in database'],
  ])('one that is read-only, by %s', async (_, whose) => {
    await using other = await createDatabase()
    const open = () => openPostgres(other.url, RETENTION, { clock: systemClock })
    await (await open()).close()
    await other.query(`alter ${whose} ${other.name} set default_transaction_read_only = on`)
    const found = await diagnose(other.url)
    expect(found.of('database')).toMatch(
      /^failure: .* is read-only: default_transaction_read_only is on → .*alter database/,
    )
    expect(found.code).toBe(1)
    const io = scriptedIo(settings(other.url))
    expect(await check([], io)).toBe(1)
    expect(io.out).not.toContain('schema')
    expect(io.err).toContain('is read-only')
    // As the service says.
    expect((await failureOf(open())).message).toContain('it is read-only')
  })

  test('one that confirms what is not on its disk', async () => {
    await db.query(`alter database ${db.name} set synchronous_commit = off`)
    const found = (await diagnose(db.url)).of('database')
    expect(found).toStartWith('warning: ')
    expect(found).toContain('may lose what it has confirmed')
    await db.query(`alter database ${db.name} reset synchronous_commit`)
    expect((await diagnose(db.url)).of('database')).toStartWith('ok: ')
  })

  test('an encoding that cannot hold all', async () => {
    await db.query(
      "create database ascii encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0",
    )
    const ascii = new URL(db.url)
    ascii.pathname = '/ascii'
    expect((await diagnose(ascii.href)).of('database')).toContain('has the encoding SQL_ASCII')
    await db.query('drop database ascii with (force)')
  })

  test('a schema of which nobody knows the version', async () => {
    await using other = await createDatabase()
    await other.query('create schema orchestrator')
    await other.query('create table orchestrator.meta (version int4 not null)')
    expect((await diagnose(other.url)).of('database')).toContain('orchestrator.meta is empty')
  })

  test('a schema of a newer version', async () => {
    const [{ version }] = await db.query(
      'update orchestrator.meta set version = version + 7 returning version',
    )
    const found = await diagnose(db.url)
    expect(found.of('database')).toMatch(new RegExp(`^failure: .* its schema is ${version} → `))
    expect([found.code, wrongIn(found)]).toEqual([1, ['database']])
    await db.query('update orchestrator.meta set version = version - 7')
  })

  test('too few connections', async () => {
    await db.query(`alter database ${db.name} connection limit ${MAX_CONNECTIONS - 1}`)
    expect((await diagnose(db.url)).of('connections')).toMatch(
      /^failure: \d+ of \d+ connections are/,
    )
    await db.query(`alter database ${db.name} connection limit ${MAX_CONNECTIONS + 1}`)
    expect((await diagnose(db.url)).of('connections')).toContain('warning: ')
    await db.query(`alter database ${db.name} connection limit -1`)
  })

  test('more nodes than there are connections for, behind a pooler', async () => {
    await using other = await createDatabase()
    await (await openPostgres(other.url, RETENTION, { clock: systemClock })).close()
    await other.query(`insert into orchestrator.nodes (node, version, lease_until)
      select 'node-' || n, '1.1.0', now() + interval '600 s' from generate_series(1, 40) n`)
    expect((await diagnose(other.url)).of('connections')).toStartWith('failure: ')
    const pooled = `${other.url}?prepare=false`
    expect((await diagnose(pooled)).of('connections')).toMatch(
      /^ok: \d+ of \d+ connections are in use; those of 40 nodes end at a pooler$/,
    )
    await other.query(`alter database ${other.name} connection limit 1`)
    expect((await diagnose(pooled)).of('connections')).toMatch(
      /^warning: .*: few are left → .*default_pool_size/,
    )
  })

  test('a transaction that somebody has forgotten', async () => {
    await using sql = new SQL(db.url, { max: 1 })
    const held = await sql.reserve()
    await held`begin isolation level repeatable read`
    await held`select 1`
    const client = postgresClient(db.url, 'a test', 1)
    const { oldest, replica, tables } = await inspectPostgres(client, systemClock)
    await client.close()
    expect(oldest).toMatchObject({ what: 'transaction', isIdle: true })
    const old = { ...oldest!, ageMs: 11 * 60_000 }
    const [finding] = lookAtVacuum({ oldest: old, replica, tables })
    expect(finding).toMatchObject({ level: 'warning' })
    expect(finding!.found).toMatch(
      /^a transaction \(postgres .*pid \d+, idle in transaction\) is 11 min/,
    )
    await held`rollback`
    held.release()
  })

  test('dead rows in the way', async () => {
    await db.query('alter table orchestrator.live set (autovacuum_enabled = false)')
    await db.query(`insert into orchestrator.live
      select (jsonb_populate_record(l, jsonb_build_object('owner', null,
        'id', overlay(l.id::text placing lpad(to_hex(n), 12, '0') from 25)))).*
      from orchestrator.live l, generate_series(1, 100001) n`)
    await db.query('delete from orchestrator.live where owner is null')
    await eventually('the statistics know', async () => {
      const found = await diagnose(db.url)
      return /^warning: 10\d{4} dead rows beside 1 task /.test(found.of('vacuum'))
    })
    await db.query('alter table orchestrator.live set (autovacuum_enabled = true)')
    await db.query('vacuum orchestrator.live')
  })

  test('no partition of today, though a node runs', async () => {
    await using other = await createDatabase()
    const empty = await openPostgres(other.url, RETENTION, { clock: systemClock })
    await empty.join({ name: 'one', version: '1' }, LEASE_MS)
    await empty.close()
    expect((await diagnose(other.url)).of('partitions')).toStartWith('ok: ')
    await other.query("update orchestrator.nodes set started_at = now() - interval '6 min'")
    const found = await diagnose(other.url)
    expect(found.of('partitions')).toStartWith('warning: there is none of today')
  })

  test('nodes of one name, but none after a restart', async () => {
    await store.join({ name: 'one:8001', version: '1.1.0' }, LEASE_MS)
    const after = await diagnose(db.url)
    expect(after.of('nodes')).toStartWith('ok: 2 nodes: ')
    await db.query(
      `update orchestrator.nodes set started_at = now() - interval '5 s', seen = now(),
        lease_until = now() + interval '600 s'`,
    )
    await db.query(`update orchestrator.nodes set started_at = now() - interval '9 s'
      where session = (select min(session::text)::uuid from orchestrator.nodes)`)
    const found = await diagnose(db.url)
    expect(found.of('nodes')).toStartWith('warning: several nodes are called one:8001')
    await db.query(`delete from orchestrator.nodes where session not in (
      select owner from orchestrator.live where owner is not null)`)
  })

  test('leases that differ', async () => {
    const found = await diagnose(db.url, { TASK_LEASE: '60' })
    expect(found.of('nodes')).toContain(
      'warning: TASK_LEASE is 60 s here, and that of one:8001 600 s',
    )
  })

  test('limits of the history that differ, and a node that does not tell its own', async () => {
    const found = await diagnose(db.url, { TASK_MAX_HISTORY: '500', TASK_HISTORY_TTL: '0' })
    const advice = 'set the same for all: else the'
    expect(found.of('nodes').split('\n')).toEqual([
      `warning: TASK_MAX_HISTORY is 500 here, and that of one:8001 10000 → ${advice} smallest counts for all`,
      `warning: TASK_HISTORY_TTL is 0 (no limit) here, and that of one:8001 3600 s → ${advice} shortest counts for all`,
      'ok: 1 node: one:8001 (1.1.0)',
    ])
    await joinAsBefore(db, 'before')
    expect((await diagnose(db.url)).of('nodes')).toBe(
      'ok: 2 nodes: before (1.0.0), one:8001 (1.1.0)',
    )
    await db.query("delete from orchestrator.nodes where node = 'before'")
  })

  test('a schema of the release before, which a node of it uses', async () => {
    await using other = await createDatabase()
    await makeSchema(other, 1)
    await joinAsBefore(other, 'before')
    const found = await diagnose(other.url)
    expect(found.of('database')).toContain(
      `schema 1, which the next start brings to ${LATEST_VERSION}`,
    )
    expect(found.of('nodes')).toBe('ok: 1 node: before (1.0.0)')
    expect(wrongIn(found)).toEqual([])
  })

  test('a clock that is wrong: of a node, and of this machine', async () => {
    // It has waited for so long, for its place or for its commit.
    await db.query('update orchestrator.live set created_at = created_at - 90000')
    expect((await diagnose(db.url)).of('nodes')).toStartWith('ok: 1 node')
    await db.query('update orchestrator.live set created_at = created_at + 180000')
    expect((await diagnose(db.url)).of('nodes')).toMatch(
      /^warning: the clock of one:8001 is [\d.]+ s ahead of Postgres's → /,
    )
    // It may have been accepted by anybody, at any time.
    await db.query('update orchestrator.live set fence = fence + 1')
    expect((await diagnose(db.url)).of('nodes')).toStartWith('ok: 1 node')
    await db.query(
      'update orchestrator.live set fence = fence - 1, created_at = created_at - 90000',
    )

    const clock = new FakeClock(Date.now() - 3_600_000)
    const resolve = async () => ({ addresses: [], ttlMs: 0 })
    const ports = { clock, fetch: systemFetch, resolve }
    const config = testConfig({
      task: { db: db.url },
      registry: { url: `file:${dir.file('none')}` },
    })
    const world = doctorWorld(scriptedIo(), config, new AbortController().signal, ports)
    const [finding] = await CLOCK.run(world)
    expect(finding!.level).toBe('failure')
    expect(finding!.found).toMatch(/^3(600|599|601) s behind Postgres's$/)
  })

  test('tasks of a node that is gone, and nobody takes them over', async () => {
    await db.query(`update orchestrator.nodes set started_at = now() - interval '1 h',
      seen = now() - interval '10 min', lease_until = now() - interval '9 min'`)
    expect((await diagnose(db.url)).of('nodes')).toBe(
      'ok: none runs: 1 unfinished task of nodes that are gone wait for one',
    )
    const [{ session }] = await db.query('select session from orchestrator.nodes')
    await store.join({ name: 'two', version: '1.1.0' }, LEASE_MS)
    expect((await diagnose(db.url)).of('nodes')).toStartWith('ok: 1 node: two')
    await db.query(
      `update orchestrator.nodes set started_at = now() - interval '31 min' where node = 'two'`,
    )
    const found = await diagnose(db.url)
    expect(found.of('nodes')).toStartWith('failure: 1 task of nodes that are gone')
    await store.leave(session)
  })

  test('a task that waits for long, and the words of check', async () => {
    await db.query("update orchestrator.live set claim_at = now() - interval '5 min'")
    expect((await diagnose(db.url)).of('queue')).toMatch(/^warning: 1 .* the oldest due for 5 min/)
    const io = scriptedIo(settings(db.url))
    expect(await check([], io)).toBe(0)
    expect(io.out).toContain(`schema ${LATEST_VERSION}, the newest`)
    expect(io.out + io.err).not.toContain(passwordOf(db.url))
    const away = scriptedIo(settings('postgres://orc:pass-word@127.0.0.1:1/tasks'))
    expect(await check([], away)).toBe(1)
    expect(away.err).toContain('TASK_DB: postgres://orc:***@127.0.0.1:1/tasks: no Postgres answers')
    expect(away.out + away.err).not.toContain('pass-word')
  })
})
