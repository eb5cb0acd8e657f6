import {
  freshDirectory,
  startDroplet,
  startOrchestrator,
  type Bench,
  type Service,
} from '../bench.ts'
import { loadAsync, metricsOf, pause, resume, taskBody } from '../tasks.ts'

const BODY = taskBody('bench', { timeout_ms: 600_000 })
const POLL_MS = 20
const LIMIT_MS = 180_000

/** A queue as long as may be goes away, without a stall and within its memory. */
export async function drain(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const size = quick ? 10_000 : 100_000
  const directory = freshDirectory(bench, 'drain')
  await using droplet = await startDroplet(bench)
  await pause(droplet)
  const env = { TASK_MAX_QUEUED: String(size) }
  await using ours = await startOrchestrator(bench, {
    directory,
    droplets: { bench: droplet },
    env,
  })
  let rssMb = 0
  const sampling = setInterval(() => (rssMb = Math.max(rssMb, ours.process.rssMb())), 50)
  const queued = await fill(ours, size)
  const fullMb = ours.process.rssMb()
  await resume(droplet)
  const drained = await watch(ours, queued)
  clearInterval(sampling)

  report.add('queued', queued, 'tasks')
  report.add('drained in', drained.ms / 1000, 's')
  report.add('drained', (queued / drained.ms) * 1000, 'tasks/s')
  report.add(
    'longest without an end',
    drained.longestMs,
    'ms',
    ['<', 1000],
    `seen every ${POLL_MS} ms`,
  )
  report.add('not a success', queued - drained.success, 'tasks', ['<=', 0])
  report.add('RSS, queue full', fullMb, 'MB', ['<', 250])
  report.add('RSS, most', rssMb, 'MB', ['<', 250])
}

/** Until there is no room: what comes then is refused. */
async function fill(ours: Service, size: number): Promise<number> {
  for (const start = performance.now(); performance.now() - start < LIMIT_MS;) {
    const { refused } = await loadAsync(ours, 1, BODY)
    if (refused === 0) continue
    const { tasks } = await metricsOf(ours)
    return tasks.queued + tasks.running
  }
  throw new Error(`fewer than ${size} tasks queued in three minutes`)
}

/** How long until all have ended, and the longest time in which none did. */
async function watch(ours: Service, count: number) {
  const start = performance.now()
  let latest = start
  let longestMs = 0
  let ended = 0
  while (ended < count) {
    await Bun.sleep(POLL_MS)
    const { total, success } = (await metricsOf(ours)).tasks
    const now = performance.now()
    if (now - start > LIMIT_MS) throw new Error(`${ended} of ${count} drained in three minutes`)
    longestMs = Math.max(longestMs, now - latest)
    if (total > ended) latest = now
    ended = total
    if (ended === count) return { ms: now - start, longestMs, success }
  }
  throw new Error(`${ended} tasks ended of ${count}`)
}
