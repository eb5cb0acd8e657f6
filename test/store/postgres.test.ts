/** Postgres passes the suite, as a node with a session of its own. */
import { describe } from 'bun:test'
import { openPostgres } from '../../src/store/postgres/open.ts'
import { openShared } from '../../src/store/shared/shared-driver.ts'
import { allowRealTime } from '../support/eventually.ts'
import { recordingLog } from '../support/log.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import { storeOver } from '../support/store.ts'
import { testTaskStore } from './suite/index.ts'

allowRealTime()

describe.skipIf(!hasPostgres)(`Postgres${withPostgres}`, () =>
  testTaskStore({
    name: 'behind a node of its own',
    async createDatabase() {
      const server = await createDatabase()
      return {
        async open({ retention, ...ports }) {
          const { clock } = ports
          const database = await openPostgres(server.url, retention, { clock })
          const node = { name: 'test', version: '1' }
          const log = recordingLog()
          return storeOver(await openShared({ database, node, leaseMs: 30_000, clock, log }), ports)
        },
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      }
    },
  }),
)
