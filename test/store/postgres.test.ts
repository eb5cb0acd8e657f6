/** Postgres passes the suite. */
import { describe } from 'bun:test'
import { systemClock } from '../../src/platform/clock.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import { allowRealTime } from '../support/eventually.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import { storeOver } from '../support/store.ts'
import { standIn } from './postgres/stand-in.ts'
import { testTaskStore } from './suite/index.ts'

allowRealTime()

describe.skipIf(!hasPostgres)(`a shared store${withPostgres}`, () => {
  testTaskStore({
    name: 'Postgres',
    async createDatabase() {
      const database = await createDatabase()
      return {
        // The server works in real time: what watches its connections does, too.
        open: async ({ retention, ...ports }) =>
          storeOver(
            await standIn(await openPostgres(database.url, retention, { clock: systemClock })),
            ports,
          ),
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    },
  })
})
