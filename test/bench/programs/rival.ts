/**
 * The closest rival as a service: bunqueue in this process, its database in a file, every job
 * added as durable. It takes the tasks that the orchestrator takes, as the relay does.
 *
 * At `/callers` it does without HTTP between its callers and the queue, which is to its good:
 * CALLERS of them in this process, each with one task at a time.
 */
import { Queue, Worker } from 'bunqueue/client'
import type { LoadResult } from '../load.ts'
import { percentile } from '../report.ts'

interface Task {
  method: string
  path: string
  payload: unknown
}

const { PORT, UPSTREAM, DATABASE } = process.env
const CALLERS = Number(process.env.CALLERS)
const shared = { embedded: true, dataPath: DATABASE! }
const waiting = new Map<string, PromiseWithResolvers<string>>()

const queue = new Queue<Task>('tasks', shared)
// The quickest of its options, as tried here: by default it fetches 10 jobs at once, and sleeps
// for 50 ms when it finds none.
const tuning = { concurrency: CALLERS, batchSize: CALLERS, drainDelay: 1 }
const worker = new Worker<Task, string>('tasks', ({ data }) => call(data), { ...shared, ...tuning })
worker.on('completed', ({ id }, result) => take(id)?.resolve(result))
worker.on('failed', ({ id }, error) => take(id)?.reject(error))

Bun.serve({
  port: Number(PORT),
  hostname: '127.0.0.1',
  // The callers take longer than an idle connection lives.
  idleTimeout: 0,
  async fetch(request) {
    if (request.method === 'GET') return new Response('up')
    const { pathname, searchParams } = new URL(request.url)
    const task = (await request.json()) as Task
    const isAsync = request.headers.get('prefer') === 'respond-async'
    if (pathname === '/callers') {
      const seconds = Number(searchParams.get('seconds'))
      return Response.json(await callers(seconds, isAsync ? add : work, task))
    }
    if (isAsync) return Response.json({ id: await add(task) }, { status: 202 })
    const headers = { 'content-type': 'application/json' }
    return new Response(await work(task), { headers })
  },
})

async function call({ method, path, payload }: Task): Promise<string> {
  const answer = await fetch(UPSTREAM + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(payload),
  })
  return answer.text()
}

async function add(task: Task): Promise<string> {
  return (await queue.add('task', task, { durable: true })).id
}

/** Resolves with the droplet's answer once bunqueue has recorded it. */
async function work(task: Task): Promise<string> {
  const id = await add(task)
  const end = Promise.withResolvers<string>()
  // In time: the droplet's answer takes a turn of the event loop at least.
  waiting.set(id, end)
  return end.promise
}

function take(id: string): PromiseWithResolvers<string> | undefined {
  const end = waiting.get(id)
  waiting.delete(id)
  return end
}

/** Each of them makes the request again and again. */
async function callers(
  seconds: number,
  request: (task: Task) => Promise<string>,
  task: Task,
): Promise<LoadResult> {
  const timesMs: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  async function caller(): Promise<void> {
    for (let before = start; before < end;) {
      await request(task)
      const now = performance.now()
      timesMs.push(now - before)
      before = now
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return {
    perSecond: (timesMs.length / (performance.now() - start)) * 1000,
    requests: timesMs.length,
    refused: 0,
    lost: 0,
    p50Ms: percentile(timesMs, 50),
    p99Ms: percentile(timesMs, 99),
    maxMs: percentile(timesMs, 100),
  }
}
