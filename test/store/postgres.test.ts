/** Postgres passes the suite, as a node with a session of its own. */
import { afterAll, describe } from 'bun:test'
import { systemClock } from '../../src/platform/clock.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import { openShared } from '../../src/store/shared/shared-driver.ts'
import { allowRealTime } from '../support/eventually.ts'
import { recordingLog } from '../support/log.ts'
import {
  createDatabase,
  hasPostgres,
  withPostgres,
  type TestDatabase,
} from '../support/postgres.ts'
import { storeOver } from '../support/store.ts'
import { testTaskStore } from './suite/index.ts'

/** No test moves its clock as far. */
const LEASE_MS = 3_600_000

allowRealTime()

describe.skipIf(!hasPostgres)(`Postgres${withPostgres}`, () => {
  /** One for all tests: an empty schema is made in a tenth of the time of a database. */
  let server: TestDatabase | null = null
  afterAll(() => server?.[Symbol.asyncDispose]())

  testTaskStore({
    name: 'behind a node of its own',
    async createDatabase() {
      const { url, query } = (server ??= await createDatabase())
      return {
        async open({ retention, ...ports }) {
          const { clock } = ports
          // The server works in real time: what watches its connections does, too.
          const database = await openPostgres(url, retention, { clock: systemClock })
          const node = { name: 'test', version: '1' }
          const log = recordingLog()
          const shared = { database, node, leaseMs: LEASE_MS, maxBacklog: 100_000, clock, log }
          return storeOver(await openShared(shared), ports)
        },
        async [Symbol.asyncDispose]() {
          await query('drop schema orchestrator cascade')
        },
      }
    },
  })
})
