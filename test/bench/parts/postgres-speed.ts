import { startDroplet, type Bench } from '../bench.ts'
import { failures, latencies } from '../burst.ts'
import type { LoadResult } from '../load.ts'
import { startNode } from '../postgres/node.ts'
import { Pgbench } from '../postgres/pgbench.ts'
import { BenchServer } from '../postgres/server.ts'
import { costs, ratios, rounds, turn, type Turn } from '../postgres/turn.ts'
import type { Limit } from '../report.ts'
import { getBody, loadTasks, metricsOf, taskBody } from '../tasks.ts'

const CALLERS = 64
const WANTED: Limit = ['>=', 1.5]

/** Durable synchronous tasks beside pgbench's pairs of transactions, in turns, on one server. */
export async function postgresSpeed(bench: Bench): Promise<void> {
  const { quick, report } = bench
  await using server = await BenchServer.start()
  const pgbench = await Pgbench.create(bench.directory, await server.createDatabase())
  await using droplet = await startDroplet(bench)
  const database = await server.createDatabase()
  await using ours = await startNode(bench, { database, droplets: { bench: droplet } })
  const seconds = quick ? 1 : 4
  const tasks = (body: string) =>
    turn(server, [ours], () => loadTasks(ours, seconds, body, CALLERS))
  const all = await rounds(quick ? 2 : 5, async () => ({
    pairs: await turn(server, [], () => pgbench.run(seconds)),
    GET: await tasks(getBody('bench')),
    POST: await tasks(taskBody('bench')),
  }))
  const pairs = all.map((round) => round.pairs)
  for (const method of ['GET', 'POST'] as const) {
    tell(
      bench,
      method,
      all.map((round) => round[method]),
      pairs,
    )
  }
  const perSecond = pairs.map((each) => each.perSecond)
  report.addMedian("pgbench's pairs", perSecond, 'pairs/s', null, costs(pairs))
  const { commits, writes } = (await metricsOf(ours)).store
  report.add('writes a commit', writes / commits)
}

function tell(
  { report }: Bench,
  method: string,
  all: readonly Turn<LoadResult>[],
  pairs: readonly Turn[],
): void {
  const title = `${method}, ${CALLERS} callers`
  report.addMedian(`${title}: tasks, times pgbench's pairs`, ratios(all, pairs), 'x', WANTED)
  const perSecond = all.map((each) => each.perSecond)
  report.addMedian(`${title}: tasks`, perSecond, 'tasks/s', null, latencies(all))
  const cpu = all.map(({ serviceUs, postgresUs }) => serviceUs + postgresUs)
  report.addMedian(`${title}: CPU a task`, cpu, 'µs', null, costs(all))
  report.add(`${title}: failed`, failures(all), 'requests', ['<=', 0])
}
