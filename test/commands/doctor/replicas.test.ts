/** What replicas keep vacuum from, of a real Postgres with a slot and with a standby. */
import { describe, expect, test } from 'bun:test'
import { lookAtVacuum } from '../../../src/commands/doctor/vacuum.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { postgresClient } from '../../../src/platform/postgres.ts'
import { inspectPostgres } from '../../../src/store/postgres/inspect.ts'
import { runProcess } from '../../support/binary.ts'
import { allowRealTime, eventually } from '../../support/eventually.ts'
import { giveToPostgres, postgresProgram } from '../../support/postgres-programs.ts'
import {
  createDatabase,
  hasPostgres,
  startPostgres,
  withPostgres,
  type PostgresServer,
} from '../../support/postgres.ts'
import { temporaryDir } from '../../support/temporary.ts'

allowRealTime()

const [FEW, MANY] = [999_999, 2_000_000]

/** What the doctor finds once the replica has held its rows for so many transactions. */
async function found(url: string, transactions: number) {
  const client = postgresClient(url, 'a test', 1)
  const { replica } = await inspectPostgres(client, systemClock).finally(() => client.close())
  if (!replica) return null
  return lookAtVacuum({ oldest: null, tables: null, replica: { ...replica, transactions } })
}

describe.skipIf(!hasPostgres)(`what keeps vacuum back in Postgres${withPostgres}`, () => {
  test.each([
    [
      'standby',
      {},
      'hot_standby_feedback off',
      /^the standby \w+ 127\.0\.0\.1 holds rows of 2000000 /,
    ],
    [
      'replication slot',
      { primary_slot_name: 'of_ours' },
      'drop it',
      /slot of_ours holds rows of 2/,
    ],
  ])('may be a %s', async (what, slot, advice, text) => {
    await using primary = await startPostgres()
    const { query, url } = await createDatabase(primary)
    await query("select pg_create_physical_replication_slot('of_ours')")
    expect(await found(url, MANY)).toBeNull()
    using dir = temporaryDir()
    await copy(primary, dir.path)
    const settings = {
      ...slot,
      hot_standby_feedback: 'on',
      wal_receiver_status_interval: '1s',
    }
    await using standby = await startPostgres({ path: dir.path, settings })
    const level = await eventually(`the ${what} is seen`, () => found(url, FEW))
    expect(level).toMatchObject([{ level: 'ok' }])
    const findings = await found(url, MANY)
    expect(findings).toMatchObject([
      {
        level: 'warning',
        found: expect.stringMatching(text),
        advice: expect.stringContaining(advice),
      },
    ])
    await standby.stop()
  })
})

/** A standby's data, without a slot of its own. */
async function copy(primary: PostgresServer, folder: string): Promise<void> {
  giveToPostgres(folder)
  const args = [
    ...['--dbname', primary.url('postgres'), '--pgdata', `${folder}/data`],
    ...['--write-recovery-conf', '--checkpoint=fast', '--no-sync'],
  ]
  const { code, stderr } = await runProcess(...postgresProgram('pg_basebackup', args))
  if (code !== 0) throw new Error(`pg_basebackup ended with ${code}: ${stderr}`)
}
