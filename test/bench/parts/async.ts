import {
  freshDirectory,
  startDroplet,
  startOrchestrator,
  startRelay,
  type Bench,
  type Service,
} from '../bench.ts'
import type { LoadResult } from '../load.ts'
import { pairs, type Pairs } from '../pairs.ts'
import type { Report } from '../report.ts'
import { loadAsync, loadTasks, metricsOf, pause, taskBody, until } from '../tasks.ts'

const BODY = taskBody('bench', { timeout_ms: 600_000 })
/** What the contract lets wait: one more would be refused, which is no acceptance. */
const MAX_QUEUED = 100_000

/** Asynchronous tasks: how fast they are accepted, alone and beside their delivery. */
export async function async(bench: Bench): Promise<void> {
  await using droplet = await startDroplet(bench)
  await using relay = await startRelay(bench, droplet)
  await loadTasks(relay, 1, BODY)
  await acceptPaused(bench, relay)
  await acceptBeside(bench, relay, droplet)
}

/** The droplet answers nothing: a few tasks hang at it, all others stay in the queue. */
async function acceptPaused(bench: Bench, relay: Service): Promise<void> {
  const directory = freshDirectory(bench, 'accept-paused')
  await using paused = await startDroplet(bench, 'paused')
  await pause(paused)
  const droplets = { bench: paused }
  // Nothing that hangs is worth waiting for.
  const env = { SHUTDOWN_GRACE: '0' }
  await using ours = await startOrchestrator(bench, { directory, droplets, env })
  let latest: LoadResult = await loadAsync(ours, 1, BODY)
  let room = MAX_QUEUED - latest.requests
  const measured = await pairs(
    bench.quick ? 1 : 5,
    () => loadTasks(relay, 1, BODY),
    async () => {
      latest = await loadAsync(ours, 1, BODY)
      room -= latest.requests
      return latest
    },
    () => room > 1.3 * latest.requests,
  )
  const { tasks } = await metricsOf(ours)
  tell(bench.report, 'droplet paused', measured, 0.8)
  bench.report.add('queued then', tasks.queued, 'tasks', ['<=', MAX_QUEUED])
}

async function acceptBeside(bench: Bench, relay: Service, droplet: Service): Promise<void> {
  const { report, quick } = bench
  const directory = freshDirectory(bench, 'accept-beside')
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  let delivered = 0
  let seconds = 0
  const accept = async () => {
    const before = await metricsOf(ours)
    const start = performance.now()
    const result = await loadAsync(ours, 2, BODY)
    delivered += (await metricsOf(ours)).tasks.total - before.tasks.total
    seconds += (performance.now() - start) / 1000
    // The relay's turn is the relay's alone.
    await until('an empty queue', 60_000, async () => {
      const { tasks } = await metricsOf(ours)
      return tasks.queued + tasks.running === 0
    })
    return result
  }
  await accept()
  delivered = seconds = 0
  const measured = await pairs(quick ? 1 : 3, () => loadTasks(relay, 2, BODY), accept)
  tell(report, 'delivery beside', measured, 0.4)
  report.add('delivered beside', delivered / seconds, 'tasks/s')
}

function tell(report: Report, how: string, measured: Pairs, wanted: number): void {
  const { ratio, relay, ours, rounds } = measured
  const note = `${rounds} rounds`
  report.add(`accepted, ${how}, share of the relay`, ratio, '', ['>=', wanted], note)
  report.add('relay', relay.perSecond, 'req/s')
  report.add(`accepted, ${how}`, ours.perSecond, '202/s')
  report.add('p50', ours.p50Ms, 'ms')
  report.add('p99', ours.p99Ms, 'ms')
  report.add('refused or lost', ours.refused + ours.lost, 'requests', ['<=', 0])
}
