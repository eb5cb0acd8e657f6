/**
 * The store by itself over Postgres, without HTTP and droplets: at `/pairs`, CALLERS of them in this
 * process insert a task that runs, and then write its end, again and again.
 */
import { env } from 'node:process'
import { accept, begin, conclude } from '../../../src/delivery/lifecycle.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { GroupCommitStore } from '../../../src/store/group-commit.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import { openShared } from '../../../src/store/shared/shared-driver.ts'

const PAYLOAD = '{"order":4711,"items":["apple","pear"],"note":"a payload of a usual size"}'
const URL_OF_TASKS = 'http://127.0.0.1:9000/work'
const NEVER = 24 * 3600 * 1000

const nothing = () => {}
const clock = systemClock
const log = {
  enabled: () => false,
  ...{ debug: nothing, info: nothing, warning: console.error, error: console.error },
}
// As much as the service keeps by default.
const retention = { maxFinished: 10_000, ttlMs: 0 }
const database = await openPostgres(env.DATABASE!, retention, { clock })
const node = { name: 'store', version: '0' }
const driver = await openShared({ database, node, leaseMs: NEVER, maxBacklog: 100_000, clock, log })
const store = new GroupCommitStore(driver, { clock, log, emit: nothing })

Bun.serve({
  port: Number(env.PORT),
  hostname: '127.0.0.1',
  idleTimeout: 0,
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== '/pairs') return new Response('up')
    return Response.json(await pairs(Number(searchParams.get('seconds'))))
  },
})

async function pairs(seconds: number) {
  let requests = 0
  const start = performance.now()
  async function caller(): Promise<void> {
    while (performance.now() - start < seconds * 1000) {
      const begun = newTask()
      await store.insert(begun)
      await store.update(endOf(begun))
      requests++
    }
  }
  await Promise.all(Array.from({ length: Number(env.CALLERS) }, caller))
  return { requests, perSecond: (requests / (performance.now() - start)) * 1000 }
}

function newTask() {
  const asked = accept(
    {
      ...{ id: Bun.randomUUIDv7(), mode: 'sync', requestId: Bun.randomUUIDv7() },
      ...{ dropletName: 'bench', method: 'POST', path: '/work', targetUrl: URL_OF_TASKS },
      ...{ payload: PAYLOAD, meta: null, headers: {}, timeoutMs: 30_000, deadlineMs: null },
      ...{ maxRetries: 3, delayMs: 0, idempotencyKey: null, fingerprint: null, replayOf: null },
      ...{ secretHeaders: null, hops: 0, trace: null },
    },
    Date.now(),
  )
  return begin(asked, URL_OF_TASKS, Date.now())
}

function endOf(begun: ReturnType<typeof newTask>) {
  const moment = { now: Date.now(), elapsedMs: 3 }
  return conclude(begun, { kind: 'answered', status: 200, body: PAYLOAD }, 3, moment)
}
