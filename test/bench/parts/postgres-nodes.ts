import { startDroplet, type Bench, type Service } from '../bench.ts'
import { pileUp, workOff } from '../postgres/backlog.ts'
import { startNode } from '../postgres/node.ts'
import { BenchServer } from '../postgres/server.ts'
import { costs, turn, type Turn } from '../postgres/turn.ts'
import type { Limit } from '../report.ts'
import { taskBody } from '../tasks.ts'

const BODY = taskBody('bench', { timeout_ms: 600_000 })

interface Work {
  name: string
  /** How long the droplet takes to answer, ms. */
  delayMs: number
  /** Tasks at once, of each node. */
  concurrency: number
  count: number
  wanted: Limit | null
}

/**
 * The slow one: a node is busy with waiting, so a second should double what is done. The quick
 * one: all cores are busy with one node already.
 */
const WORKS: Work[] = [
  { name: '5 ms, 8 at once', delayMs: 5, concurrency: 8, count: 6000, wanted: ['>=', 1.3] },
  { name: 'quick, 64 at once', delayMs: 0, concurrency: 64, count: 20_000, wanted: null },
]

/** The same backlog for one node and for two, in turns. */
export async function postgresNodes(bench: Bench): Promise<void> {
  await using server = await BenchServer.start()
  for (const work of WORKS) await compare(bench, server, work)
}

async function compare(bench: Bench, server: BenchServer, work: Work): Promise<void> {
  const { report, quick } = bench
  await using droplet = await startDroplet(bench, 'droplet', work.delayMs)
  const all: { one: Turn; two: Turn }[] = []
  const count = quick ? work.count / 4 : work.count
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const one = await workOffWith(bench, server, droplet, { ...work, count }, ['node-1'])
    const two = await workOffWith(bench, server, droplet, { ...work, count }, ['node-1', 'node-2'])
    all.push({ one, two })
  }
  const ratios = all.map(({ one, two }) => two.perSecond / one.perSecond)
  report.addMedian(`${work.name}: two nodes, times one`, ratios, 'x', work.wanted)
  for (const who of ['one', 'two'] as const) {
    const turns = all.map((round) => round[who])
    const perSecond = turns.map((each) => each.perSecond)
    const name = `${work.name}: ${who === 'one' ? 'one node' : 'two nodes'}`
    report.addMedian(name, perSecond, 'tasks/s', null, costs(turns))
  }
}

/**
 * Each time with new nodes and a new database, so that nobody is compiled further than others. All
 * tasks are submitted to the first node.
 */
async function workOffWith(
  bench: Bench,
  server: BenchServer,
  droplet: Service,
  { concurrency, count }: Work,
  names: readonly string[],
): Promise<Turn> {
  const database = await server.createDatabase()
  const env = { TASK_CONCURRENCY: String(concurrency) }
  await using stack = new AsyncDisposableStack()
  const nodes: Service[] = []
  for (const name of names) {
    const node = await startNode(bench, { database, name, droplets: { bench: droplet }, env })
    nodes.push(stack.use(node))
  }
  const round = async (tasks: number) => {
    const { requests } = await pileUp(nodes[0]!, { droplet, body: BODY, count: tasks })
    return turn(server, nodes, () => workOff(nodes, droplet, requests))
  }
  // The first is for all that is compiled.
  await round(count / 4)
  return await round(count)
}
