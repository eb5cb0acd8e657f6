/** Postgres passes the suite. */
import { describe } from 'bun:test'
import { systemClock } from '../../src/platform/clock.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import { openShared } from '../../src/store/shared/shared-driver.ts'
import { allowRealTime } from '../support/eventually.ts'
import { recordingLog } from '../support/log.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import { storeOver } from '../support/store.ts'
import { testTaskStore } from './suite/index.ts'

const NODE = { name: 'node', version: '1.0.0' }
/** No test moves its clock as far. */
const LEASE_MS = 3_600_000

allowRealTime()

describe.skipIf(!hasPostgres)(`a shared store${withPostgres}`, () => {
  testTaskStore({
    name: 'Postgres',
    async createDatabase() {
      const database = await createDatabase()
      return {
        async open({ retention, ...ports }) {
          // The server works in real time: what watches its connections does, too.
          const shared = await openPostgres(database.url, retention, { clock: systemClock })
          const log = recordingLog()
          const driver = await openShared({
            database: shared,
            node: NODE,
            leaseMs: LEASE_MS,
            log,
            ...ports,
          })
          return storeOver(driver, { log, ...ports })
        },
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    },
  })
})
