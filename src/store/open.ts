/** The database that TASK_DB names. */
import type { Config } from '../config/config.ts'
import { isPostgres } from '../config/database.ts'
import type { Ports } from '../ports.ts'
import { VERSION } from '../version.ts'
import type { StoreDriver } from './driver.ts'
import { openPostgres } from './postgres/open.ts'
import { openShared } from './shared/shared-driver.ts'
import { openSqlite } from './sqlite/thread.ts'
import type { Retention } from './store.ts'

/** Rejects with a message for people, without the password, when it cannot be used. */
export async function openDatabase(
  { nodeName, task }: Pick<Config, 'nodeName' | 'task'>,
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
): Promise<StoreDriver> {
  const retention: Retention = { maxFinished: task.maxHistory, ttlMs: task.historyTtlMs }
  if (!isPostgres(task.db)) return openSqlite(task.db, retention)
  const name = `orchestrator ${nodeName}`
  const database = await openPostgres(task.db, retention, { clock, name })
  const node = { name: nodeName, version: VERSION }
  const { leaseMs, maxQueued: maxBacklog } = task
  return openShared({ database, node, leaseMs, maxBacklog, clock, log })
}
