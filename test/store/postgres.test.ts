/** Postgres passes the suite, as a node with a session of its own. */
import { describe } from 'bun:test'
import { systemClock } from '../../src/platform/clock.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import { openShared } from '../../src/store/shared/shared-driver.ts'
import { allowRealTime } from '../support/eventually.ts'
import { recordingLog } from '../support/log.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import { storeOver } from '../support/store.ts'
import { testTaskStore } from './suite/index.ts'

/** No test moves its clock as far. */
const LEASE_MS = 3_600_000

allowRealTime()

describe.skipIf(!hasPostgres)(`Postgres${withPostgres}`, () =>
  testTaskStore({
    name: 'behind a node of its own',
    async createDatabase() {
      const server = await createDatabase()
      return {
        async open({ retention, ...ports }) {
          const { clock } = ports
          // The server works in real time: what watches its connections does, too.
          const database = await openPostgres(server.url, retention, { clock: systemClock })
          const node = { name: 'test', version: '1' }
          const log = recordingLog()
          const shared = { database, node, leaseMs: LEASE_MS, clock, log }
          return storeOver(await openShared(shared), ports)
        },
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      }
    },
  }),
)
