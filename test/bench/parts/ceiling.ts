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
import { burst, byThread, failures, inTurns, type Burst } from '../burst.ts'
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
    relay,
    'the whole service': whole,
    'commits that are over at once': atOnce,
    'commits that wait 1 ms': waiting,
  }
  for (const connections of [128, 32]) await compare(bench, services, connections)
}

async function compare(
  { quick, report }: Bench,
  services: Readonly<Record<string, Service>>,
  connections: number,
): Promise<void> {
  const options = { body: taskBody('bench'), connections, seconds: quick ? 1 : 3 }
  const loads = Object.entries(services).map(
    ([name, service]) => [name, () => burst(service, options)] as const,
  )
  const { relay, ...others } = await inTurns(quick ? 1 : 5, Object.fromEntries(loads))
  for (const [name, bursts] of Object.entries(others)) {
    const ratios = (of: (each: Burst) => number) =>
      bursts.map((each, round) => of(each) / of(relay![round]!))
    const title = (what: string) => `${name}, ${connections}: ${what}`
    report.addMedian(
      title("throughput, of the relay's"),
      ratios(({ perSecond }) => perSecond),
    )
    const cpu = ratios(({ cpuUs }) => cpuUs)
    report.addMedian(title("CPU, times the relay's"), cpu, 'x', null, byThread(bursts))
    report.addMedian(
      title('main thread'),
      ratios(({ threadsUs }) => threadsUs.main!),
      'x',
    )
  }
  const failed = failures([relay!, ...Object.values(others)].flat())
  report.add(`${connections}: failed`, failed, 'requests', ['<=', 0])
}
