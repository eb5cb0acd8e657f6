/** The schema is brought up to date while nodes of the release before work. */
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../src/platform/clock.ts'
import { LATEST_VERSION, type SchemaWaits } from '../../../src/store/postgres/migrate.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import { allowRealTime } from '../../support/eventually.ts'
import { failureOf } from '../../support/failure.ts'
import { joinAsBefore, makeSchema } from '../../support/old-schema.ts'
import {
  createDatabase,
  hasPostgres,
  withPostgres,
  type TestDatabase,
} from '../../support/postgres.ts'
import { RETENTION } from '../../support/store.ts'
import { lockTable } from '../../support/table-lock.ts'
import { LEASE_MS, Node } from './opened.ts'

allowRealTime()

const VERSION_SQL = 'select version from orchestrator.meta'

const open = ({ url }: TestDatabase, ports: { waits?: SchemaWaits } = {}) =>
  openPostgres(url, RETENTION, { clock: systemClock, ...ports })

const LONG_MS = 3_600_000

describe.skipIf(!hasPostgres)(`a schema of a release before${withPostgres}`, () => {
  test('is brought up to date, and the nodes of that release go on', async () => {
    await using database = await createDatabase()
    await makeSchema(database, 1)
    const before = await joinAsBefore(database, 'before')
    await using node = await Node.open(database.url)
    expect(await database.query(VERSION_SQL)).toEqual([{ version: LATEST_VERSION }])
    // Also those that lose their lease, and begin another session.
    await joinAsBefore(database, 'again')
    expect(await node.database.renew(before, LEASE_MS)).toBe(true)
    const seen = await node.database.nodes(node.session)
    expect(seen.map(({ name }) => name)).toEqual(['again', 'before', 'node'])
  })

  test('is not waited for without end', async () => {
    await using database = await createDatabase()
    await makeSchema(database, LATEST_VERSION)
    await using _held = await lockTable(database, 'orchestrator.meta', 'access exclusive')
    const opening = open(database, { waits: { look: 1, change: LONG_MS } })
    expect((await failureOf(opening)).message).toContain('while others hold its tables')
  })

  test('is left alone while somebody holds its tables: no node waits for him', async () => {
    await using database = await createDatabase()
    await makeSchema(database, 1)
    const session = await joinAsBefore(database, 'before')
    const waits = { look: LONG_MS, change: 1 }
    await using backup = await lockTable(database, 'orchestrator.nodes', 'access share')
    expect((await failureOf(open(database, { waits }))).message).toContain(
      'while others hold its tables',
    )
    const renewed = 'update orchestrator.nodes set seen = now() where session = $1 returning 1 as n'
    expect(await database.query(renewed, [session])).toEqual([{ n: 1 }])
    expect(await database.query(VERSION_SQL)).toEqual([{ version: 1 }])
    await backup.release()
    await (await open(database)).close()
    expect(await database.query(VERSION_SQL)).toEqual([{ version: LATEST_VERSION }])
  })
})
