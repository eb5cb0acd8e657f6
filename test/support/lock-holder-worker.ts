/** Another process, as far as SQLite can tell: a thread with a connection of its own. */
import { Database } from 'bun:sqlite'
import type { HolderOrder } from './lock-holder.ts'

declare const self: Worker

/** How long the lock is held after somebody has asked for it, ms: he finds it taken. */
const HELD_AFTER_MS = 20

self.addEventListener('message', ({ data }: MessageEvent<HolderOrder>) => {
  const { file, sql, state } = data
  const db = new Database(file, { create: true })
  db.run('begin immediate')
  if (sql) db.run(sql)
  self.postMessage('held')
  Atomics.wait(state, 0, 0)
  Bun.sleepSync(HELD_AFTER_MS)
  Atomics.store(state, 1, 1)
  db.run('commit')
  db.close()
  self.postMessage('let go')
})
