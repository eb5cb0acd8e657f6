import {
  freshDirectory,
  startDroplet,
  startOrchestrator,
  startRelay,
  type Bench,
} from '../bench.ts'
import { pairs } from '../pairs.ts'
import { loadTasks, metricsOf, taskBody } from '../tasks.ts'

/** Durable synchronous tasks, two synced commits each, beside the bare relay. */
export async function sync(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const directory = freshDirectory(bench, 'sync')
  await using droplet = await startDroplet(bench)
  await using relay = await startRelay(bench, droplet)
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  const body = taskBody('bench')
  const seconds = quick ? 1 : 3
  await loadTasks(relay, seconds, body)
  await loadTasks(ours, seconds, body)

  const before = await metricsOf(ours)
  const measured = await pairs(
    quick ? 2 : 5,
    () => loadTasks(relay, seconds, body),
    () => loadTasks(ours, seconds, body),
  )
  const after = await metricsOf(ours)

  const { ratio } = measured
  report.add('throughput, share of the relay', ratio, '', ['>=', 0.6], 'issue 3: 0.5, durable')
  report.add('relay', measured.relay.perSecond, 'req/s')
  report.add('orchestrator', measured.ours.perSecond, 'req/s')
  report.add('relay p50', measured.relay.p50Ms, 'ms')
  report.add('orchestrator p50', measured.ours.p50Ms, 'ms')
  report.add('relay p99', measured.relay.p99Ms, 'ms')
  report.add('orchestrator p99', measured.ours.p99Ms, 'ms')
  report.add('orchestrator slowest', measured.ours.maxMs, 'ms')
  report.add('relay RSS', relay.process.rssMb(), 'MB')
  report.add('orchestrator RSS', ours.process.rssMb(), 'MB')
  const writes = after.store.writes - before.store.writes
  report.add('writes that share a commit', writes / (after.store.commits - before.store.commits))
  report.add('failed', measured.ours.refused + measured.ours.lost, 'requests', ['<=', 0])
}
