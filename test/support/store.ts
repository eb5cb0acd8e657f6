/** Stores over real SQLite, without a thread unless a test asks for one. */
import type { StoreDriver } from '../../src/store/driver.ts'
import { GroupCommitStore, type GroupCommitPorts } from '../../src/store/group-commit.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { callHistory, driverOf } from '../../src/store/sqlite/verbs.ts'
import { FakeClock } from './fake-clock.ts'
import { recordingLog } from './log.ts'
import { NOW } from './tasks.ts'

export const RETENTION = { maxFinished: 10_000, ttlMs: 3_600_000 }

/** Its clock stands still, and nobody hears its events, unless told otherwise. */
export function storeOver(
  driver: StoreDriver,
  ports: Partial<GroupCommitPorts> = {},
): GroupCommitStore {
  return new GroupCommitStore(driver, {
    clock: new FakeClock(NOW),
    log: recordingLog(),
    emit: () => {},
    ...ports,
  })
}

/** SQLite in the thread of the test. */
export function inlineDriver(history: SqliteHistory): StoreDriver {
  return driverOf(async (verb, args) => callHistory(history, verb, args))
}

export function inlineStore(file: string, ports: Partial<GroupCommitPorts> = {}): GroupCommitStore {
  return storeOver(inlineDriver(new SqliteHistory(new Connection(file), RETENTION)), ports)
}
