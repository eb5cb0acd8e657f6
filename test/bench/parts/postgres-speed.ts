import { startDroplet, startProgram, type Bench, type Service } from '../bench.ts'
import { failures, latencies } from '../burst.ts'
import type { LoadResult } from '../load.ts'
import { startNode } from '../postgres/node.ts'
import { Pgbench } from '../postgres/pgbench.ts'
import { BenchServer } from '../postgres/server.ts'
import { costs, ratios, rounds, turn, type Done, type Turn } from '../postgres/turn.ts'
import type { Limit } from '../report.ts'
import { getBody, loadTasks, metricsOf, taskBody } from '../tasks.ts'

const CALLERS = 64
const WANTED: Limit = ['>=', 1.5]

interface Round {
  pairs: Turn
  store: Turn
  GET: Turn<LoadResult>
  POST: Turn<LoadResult>
}

/**
 * Durable synchronous tasks beside pgbench's pairs of transactions, in turns, on one server: through
 * HTTP with a call of the droplet, and by the store alone, as pgbench has neither.
 */
export async function postgresSpeed(bench: Bench): Promise<void> {
  const { quick, report } = bench
  await using server = await BenchServer.start()
  const pgbench = await Pgbench.create(bench.directory, await server.createDatabase())
  await using droplet = await startDroplet(bench)
  const droplets = { bench: droplet }
  await using ours = await startNode(bench, { database: await server.createDatabase(), droplets })
  await using store = await startStore(bench, await server.createDatabase())
  const seconds = quick ? 1 : 4
  const tasks = (body: string) =>
    turn(server, [ours], () => loadTasks(ours, seconds, body, CALLERS))
  const all = await rounds(quick ? 2 : 5, async () => ({
    pairs: await turn(server, [], () => pgbench.run(seconds)),
    store: await turn(server, [store], () => storePairs(store, seconds)),
    GET: await tasks(getBody('bench')),
    POST: await tasks(taskBody('bench')),
  }))
  tell(bench, all)
  const { commits, writes } = (await metricsOf(ours)).store
  report.add('writes a commit, through HTTP', writes / commits)
}

function startStore(bench: Bench, database: string): Promise<Service> {
  const env = { DATABASE: database, CALLERS: String(CALLERS) }
  return startProgram(bench, 'store', 'postgres-store.ts', env)
}

async function storePairs({ url }: Service, seconds: number): Promise<Done> {
  const answer = await fetch(`${url}/pairs?seconds=${seconds}`)
  if (!answer.ok) throw new Error(`the store failed: ${await answer.text()}`)
  return (await answer.json()) as Done
}

function tell({ report }: Bench, all: readonly Round[]): void {
  const of = <Name extends keyof Round>(name: Name) => all.map((round) => round[name])
  for (const [name, title] of [
    ['store', 'the store alone'],
    ['GET', 'GET, through HTTP'],
    ['POST', 'POST, through HTTP'],
  ] as const) {
    const turns = of(name)
    report.addMedian(`${title}, times pgbench's pairs`, ratios(turns, of('pairs')), 'x', WANTED)
    tellOf(report, title, turns)
  }
  tellOf(report, "pgbench's pairs", of('pairs'))
  for (const method of ['GET', 'POST'] as const) {
    const note = latencies(of(method))
    report.add(`${method}: failed`, failures(of(method)), 'requests', ['<=', 0], note)
  }
}

function tellOf(report: Bench['report'], title: string, turns: readonly Turn[]): void {
  const perSecond = turns.map((each) => each.perSecond)
  report.addMedian(title, perSecond, 'a second', null, costs(turns))
  const cpu = turns.map(({ serviceUs, postgresUs }) => serviceUs + postgresUs)
  report.addMedian(`${title}: CPU each`, cpu, 'µs')
}
