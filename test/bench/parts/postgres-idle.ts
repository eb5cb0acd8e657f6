import { startDroplet, type Bench, type Service } from '../bench.ts'
import { startNode } from '../postgres/node.ts'
import { BenchServer } from '../postgres/server.ts'

/** Is in Debian's package of the server. */
const SETTINGS = { shared_preload_libraries: 'pg_stat_statements' }
/** What a start leaves to be done is done by then, and polls are as rare as they get. */
const SETTLE_MS = 5000

/** What it costs the server that nodes do nothing. */
export async function postgresIdle(bench: Bench): Promise<void> {
  await using server = await BenchServer.start(SETTINGS)
  await server.query('create extension pg_stat_statements')
  await using droplet = await startDroplet(bench)
  const database = await server.createDatabase()
  const droplets = { bench: droplet }
  await using first = await startNode(bench, { database, name: 'node-1', droplets })
  await measure(bench, server, [first])
  await using second = await startNode(bench, { database, name: 'node-2', droplets })
  await measure(bench, server, [first, second])
}

async function measure(bench: Bench, server: BenchServer, nodes: Service[]): Promise<void> {
  const { report, quick } = bench
  const seconds = quick ? 5 : 30
  const who = nodes.length === 1 ? 'one node' : `${nodes.length} nodes`
  await Bun.sleep(SETTLE_MS)
  const cpuMs = () => nodes.reduce((sum, { process }) => sum + process.cpuMs(), server.cpuMs())
  await server.query('select pg_stat_statements_reset()')
  const before = cpuMs()
  await Bun.sleep(seconds * 1000)
  const cpuShare = ((cpuMs() - before) / (seconds * 1000)) * 100
  const statements = await server.query(STATEMENTS)
  const calls = statements.reduce((sum, each) => sum + Number(each.calls), 0)
  const note = statements
    .slice(0, 5)
    .map(({ calls, query }) => `${(Number(calls) / seconds).toFixed(1)} ${String(query)}`)
  const perNode = calls / seconds / nodes.length
  report.add(`${who}: statements a second, each`, perNode, '', ['<', 5], note.join('; '))
  report.add(`${who}: CPU, with Postgres'`, cpuShare, '% of a core')
}

const STATEMENTS = `select calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 40) as query
  from pg_stat_statements join pg_database d on d.oid = dbid where d.datname <> 'postgres'
  order by calls desc`
