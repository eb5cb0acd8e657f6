/** SQLite passes the suite: in the caller's thread, and in its own as the service runs it. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StoreDriver } from '../../src/store/driver.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { openSqlite } from '../../src/store/sqlite/thread.ts'
import type { Retention } from '../../src/store/store.ts'
import { allowRealTime } from '../support/eventually.ts'
import { inlineDriver, storeOver } from '../support/store.ts'
import { temporaryDir } from '../support/temporary.ts'
import type { Harness } from './suite/harness.ts'
import { testTaskStore } from './suite/index.ts'

allowRealTime()

type OpenDriver = (file: string, retention: Retention) => Promise<StoreDriver>

function sqlite(name: string, openDriver: OpenDriver): Harness {
  return {
    name,
    async createDatabase() {
      const dir = temporaryDir()
      const file = dir.file('deep/er/tasks.db')
      return {
        open: async ({ retention, ...ports }) =>
          storeOver(await openDriver(file, retention), ports),
        [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
      }
    },
  }
}

testTaskStore(
  sqlite('SQLite in the thread of the caller', async (file, retention) => {
    mkdirSync(dirname(file), { recursive: true })
    return inlineDriver(new SqliteHistory(new Connection(file), retention))
  }),
)

testTaskStore(sqlite('SQLite in a thread of its own', openSqlite))
