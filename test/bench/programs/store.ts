/**
 * What the database's thread does for synchronous tasks, in a process of its own, so that a
 * profiler sees it: groups of GROUP writes, half of which end the tasks that the others began. It
 * makes and packs them, too, which in the service the main thread does.
 */
import { env } from 'node:process'
import { accept, begin, conclude } from '../../../src/delivery/lifecycle.ts'
import { MAX_WRITES } from '../../../src/store/catch-up.ts'
import type { Write } from '../../../src/store/driver.ts'
import { Connection } from '../../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../../src/store/sqlite/history.ts'
import { packed } from '../../../src/store/sqlite/lines.ts'
import type { Task } from '../../../src/task.ts'

const PAYLOAD = '{"order":4711,"items":["apple","pear"],"note":"a payload of a usual size"}'
const URL = 'http://127.0.0.1:9000/work'
/** As many as wait for a commit when 32 tasks are under way. */
const GROUP = 12

const history = new SqliteHistory(new Connection(env.TASK_DB!), { maxFinished: 10_000, ttlMs: 0 })
const underWay: Task[] = []
let writes = 0
for (const end = performance.now() + Number(env.SECONDS) * 1000; performance.now() < end;) {
  history.commit(packed(group()), Date.now(), [])
  writes += GROUP
  if (writes < MAX_WRITES) continue
  history.catchUp(Date.now())
  writes = 0
}
history.close()

function group(): Write[] {
  const ended = underWay.splice(0, underWay.length >= GROUP ? GROUP / 2 : 0)
  const begun = Array.from({ length: GROUP - ended.length }, newTask)
  underWay.push(...begun)
  return [
    ...begun.map((task): Write => ['insert', task]),
    ...ended.map((task): Write => ['update', endOf(task)]),
  ]
}

function newTask(): Task {
  const task = accept(
    {
      ...{ id: Bun.randomUUIDv7(), mode: 'sync', requestId: Bun.randomUUIDv7(), targetUrl: URL },
      ...{ dropletName: 'bench', method: 'POST', path: '/work', payload: PAYLOAD, meta: null },
      ...{ headers: {}, timeoutMs: 30_000, deadlineMs: null, maxRetries: 3, delayMs: 0 },
      ...{
        idempotencyKey: null,
        fingerprint: null,
        replayOf: null,
        secretHeaders: null,
        hops: 0,
        trace: null,
      },
    },
    Date.now(),
  )
  return begin(task, URL, Date.now())
}

function endOf(task: Task): Task {
  const moment = { now: Date.now(), elapsedMs: 3 }
  return conclude(task, { kind: 'answered', status: 200, body: PAYLOAD }, 3, moment)
}
