/**
 * graphile-worker as a service: jobs are added by HTTP, as the orchestrator's asynchronous tasks
 * are, and each is one request to the droplet. It deletes a job that has ended, and keeps no
 * answer: that is less work than ours.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'

interface Task {
  method: string
  path: string
  payload?: unknown
}

/** Of the package, what is used here; it is in FOLDER, not among our dependencies. */
interface Graphile {
  run(options: object): Promise<{ addJob(name: string, payload: Task): Promise<unknown> }>
  Logger: new (factory: () => () => void) => object
}

const { PORT, UPSTREAM, DATABASE, FOLDER, CONCURRENCY, TUNED } = process.env
const { run, Logger } = createRequire(join(FOLDER!, 'package.json'))('graphile-worker') as Graphile
const concurrency = Number(CONCURRENCY)
let total = 0

const batches = {
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}
const runner = await run({
  taskList: { call },
  preset: {
    worker: {
      connectionString: DATABASE,
      concurrentJobs: concurrency,
      // More than it has by default: that many may fetch at once.
      maxPoolSize: 16,
      ...(TUNED === 'true' ? batches : {}),
    },
  },
  // A line for each job would be measured as well.
  logger: new Logger(() => () => {}),
  noHandleSignals: true,
})

Bun.serve({
  port: Number(PORT),
  hostname: '127.0.0.1',
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/orchestrator/metrics') return Response.json({ tasks: { total } })
    if (request.method === 'GET') return new Response('up')
    await runner.addJob('call', (await request.json()) as Task)
    return Response.json({ status: 'queued' }, { status: 202 })
  },
})

async function call({ method, path, payload }: Task): Promise<void> {
  const answer = await fetch(UPSTREAM + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(payload === undefined ? {} : { body: JSON.stringify(payload) }),
  })
  await answer.text()
  if (!answer.ok) throw new Error(`${UPSTREAM} answered ${answer.status}`)
  total++
}
