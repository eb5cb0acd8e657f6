import {
  freshDirectory,
  startDroplet,
  startOrchestrator,
  startRelay,
  type Bench,
  type Service,
} from '../bench.ts'
import { burst, byThread, failures, latencies, type Burst } from '../burst.ts'
import type { Limit } from '../report.ts'
import { getBody, metricsOf, taskBody, type Metrics } from '../tasks.ts'

interface Load {
  method: 'GET' | 'POST'
  connections: number
  /** Of the relay's. */
  throughput: Limit
  cpu: Limit
  mainCpu: Limit | null
}

const LOADS: Load[] = [
  { method: 'GET', connections: 128, throughput: ['>=', 0.6], cpu: ['<=', 1.9], mainCpu: null },
  { method: 'POST', connections: 128, throughput: ['>=', 0.6], cpu: ['<=', 1.9], mainCpu: null },
  {
    method: 'GET',
    connections: 32,
    throughput: ['>=', 0.4],
    cpu: ['<=', 2.7],
    mainCpu: ['<=', 2.3],
  },
  {
    method: 'POST',
    connections: 32,
    throughput: ['>=', 0.4],
    cpu: ['<=', 2.7],
    mainCpu: ['<=', 2.3],
  },
]

/** Durable synchronous tasks, two synced commits each, beside the bare relay, in turns. */
export async function speed(bench: Bench): Promise<void> {
  const directory = freshDirectory(bench, 'speed')
  await using droplet = await startDroplet(bench)
  await using relay = await startRelay(bench, droplet)
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  // Once each, so that all of it is compiled.
  for (const { method, connections } of LOADS) {
    for (const service of [relay, ours]) {
      await burst(service, { body: bodyOf(method), connections, seconds: bench.quick ? 1 : 3 })
    }
  }
  for (const each of LOADS) await compare(bench, relay, ours, each)
  bench.report.add('relay RSS', relay.process.rssMb(), 'MB')
  bench.report.add('orchestrator RSS', ours.process.rssMb(), 'MB')
}

function bodyOf(method: Load['method']): string {
  return method === 'GET' ? getBody('bench') : taskBody('bench')
}

async function compare(bench: Bench, relay: Service, ours: Service, how: Load): Promise<void> {
  const { method, connections } = how
  const options = { body: bodyOf(method), connections, seconds: bench.quick ? 1 : 3 }
  const rounds: { relay: Burst; ours: Burst }[] = []
  const before = await metricsOf(ours)
  for (let round = 0; round < (bench.quick ? 2 : 5); round++) {
    rounds.push({ relay: await burst(relay, options), ours: await burst(ours, options) })
  }
  tell(bench, how, rounds, writesACommit(before, await metricsOf(ours)))
}

function writesACommit(before: Metrics, after: Metrics): number {
  const writes = after.store.writes - before.store.writes
  return writes / (after.store.commits - before.store.commits)
}

function tell(
  { report }: Bench,
  { method, connections, throughput, cpu, mainCpu }: Load,
  rounds: readonly { relay: Burst; ours: Burst }[],
  writes: number,
): void {
  const name = (what: string) => `${method}, ${connections} connections: ${what}`
  const ratios = (of: (burst: Burst) => number) =>
    rounds.map(({ relay, ours }) => of(ours) / of(relay))
  const times = (who: 'relay' | 'ours', of: (burst: Burst) => number) =>
    rounds.map((round) => of(round[who]))
  const main = ({ threadsUs }: Burst) => threadsUs.main!
  report.addMedian(
    name("throughput, of the relay's"),
    ratios((each) => each.perSecond),
    '',
    throughput,
  )
  report.addMedian(
    name("CPU a task, times the relay's"),
    ratios((each) => each.cpuUs),
    'x',
    cpu,
  )
  report.addMedian(name("main thread, times the relay's"), ratios(main), 'x', mainCpu)
  for (const who of ['relay', 'ours'] as const) {
    report.addMedian(
      name(`${who}`),
      times(who, (each) => each.perSecond),
      'req/s',
      null,
      latencies(rounds.map((round) => round[who])),
    )
    report.addMedian(
      name(`${who}, CPU a task`),
      times(who, (each) => each.cpuUs),
      'µs',
      null,
      byThread(rounds.map((round) => round[who])),
    )
  }
  report.addMedian(
    name('written to disk a task'),
    times('ours', (each) => each.writtenBytes / 1000),
    'kB',
    null,
    `${writes.toFixed(1)} writes a commit`,
  )
  const bursts = rounds.flatMap((round) => [round.relay, round.ours])
  report.add(name('failed'), failures(bursts), 'requests', ['<=', 0])
}
