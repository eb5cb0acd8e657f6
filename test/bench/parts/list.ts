import { join } from 'node:path'
import { freshDirectory, startDroplet, startOrchestrator, type Bench } from '../bench.ts'
import { fillHistory } from '../history.ts'
import { measureLists } from '../lists.ts'
import { load } from '../load.ts'
import type { Limit } from '../report.ts'
import { loadTasks, taskBody } from '../tasks.ts'

const TASKS = 10_000

const LIMITS: [string, Limit | null][] = [
  ['health', null],
  ['metrics', ['<', 2]],
]

/** The list over a full history of the default size, and the metrics. */
export async function list(bench: Bench): Promise<void> {
  const { report } = bench
  const directory = freshDirectory(bench, 'list')
  fillHistory(join(directory, 'orchestrator.db'), TASKS)
  await using droplet = await startDroplet(bench)
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  await measureLists(ours, report, ['<', 10], TASKS)

  // With counts and durations to tell of.
  await loadTasks(ours, 1, taskBody('bench'))
  // A route that costs nothing: it separates the machine's noise from the cost of the metrics.
  for (const [name, limit] of LIMITS) {
    const url = `${ours.url}/orchestrator/${name}`
    const { p50Ms, p99Ms } = await load({ url, connections: 1, seconds: bench.quick ? 1 : 3 })
    report.add(`/${name}, p50`, p50Ms, 'ms', limit)
    report.add(`/${name}, p99`, p99Ms, 'ms', limit)
  }
}
