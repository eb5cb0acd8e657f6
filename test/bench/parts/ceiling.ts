import { join } from 'node:path'
import {
  freshDirectory,
  MANY_REQUESTS,
  startDroplet,
  startOrchestrator,
  startRelay,
  type Bench,
  type Service,
} from '../bench.ts'
import { burst, byThread, type Burst } from '../burst.ts'
import { taskBody } from '../tasks.ts'

const ROOT = join(import.meta.dir, '../../..')
const SOURCE = [process.execPath, join(ROOT, 'src/main.ts')]
const CEILING = [process.execPath, join(import.meta.dir, '../programs/ceiling.ts')]

/**
 * How much HTTP and delivery leave for a store: the whole service, the same without a database,
 * and the relay, in turns. Without a database, commits take no time, which no store can beat; or
 * they wait 1 ms and do nothing meanwhile. All from the sources: the stand-in is not in the binary.
 */
export async function ceiling(bench: Bench): Promise<void> {
  await using droplet = await startDroplet(bench)
  await using relay = await startRelay(bench, droplet)
  const start = (name: string, command: string[], commitMs = 0) =>
    startOrchestrator(bench, {
      directory: freshDirectory(bench, `ceiling-${name}`),
      droplets: { bench: droplet },
      command,
      env: { ...MANY_REQUESTS, COMMIT_MS: String(commitMs) },
    })
  await using whole = await start('whole', SOURCE)
  await using atOnce = await start('at-once', CEILING)
  await using waiting = await start('waiting', CEILING, 1)
  const services = {
    'the whole service': whole,
    'commits that are over at once': atOnce,
    'commits that wait 1 ms': waiting,
  }
  for (const connections of [128, 32]) await compare(bench, relay, services, connections)
}

async function compare(
  { quick, report }: Bench,
  relay: Service,
  services: Readonly<Record<string, Service>>,
  connections: number,
): Promise<void> {
  const options = { body: taskBody('bench'), connections, seconds: quick ? 1 : 3 }
  const all = [relay, ...Object.values(services)]
  const rounds: Burst[][] = []
  // The first round is there to compile all of it.
  for (let round = 0; round <= (quick ? 1 : 5); round++) {
    const bursts: Burst[] = []
    for (const service of all) bursts.push(await burst(service, options))
    if (round > 0) rounds.push(bursts)
  }
  for (const [index, name] of Object.keys(services).entries()) {
    const ratios = (of: (each: Burst) => number) =>
      rounds.map((bursts) => of(bursts[index + 1]!) / of(bursts[0]!))
    const title = (what: string) => `${name}, ${connections}: ${what}`
    report.addMedian(
      title("throughput, of the relay's"),
      ratios(({ perSecond }) => perSecond),
    )
    const threads = byThread(rounds.map((bursts) => bursts[index + 1]!))
    const cpu = ratios(({ cpuUs }) => cpuUs)
    report.addMedian(title("CPU, times the relay's"), cpu, 'x', null, threads)
    report.addMedian(
      title('main thread'),
      ratios(({ threadsUs }) => threadsUs.main!),
      'x',
    )
  }
  // A refusal is fast, and would count as a task.
  const failed = rounds.flat().reduce((sum, { refused, lost }) => sum + refused + lost, 0)
  report.add(`${connections}: failed`, failed, 'requests', ['<=', 0])
}
