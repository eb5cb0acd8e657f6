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
import { endWithUs } from '../child.ts'
import { syncedWriteTimes } from '../machine.ts'
import { median } from '../report.ts'
import { taskBody } from '../tasks.ts'

const RATE = 1000

interface OpenLoop {
  p50Ms: number
  p99Ms: number
  failed: number
}

interface Round {
  relay: OpenLoop
  ours: OpenLoop
  /** A synced write of a page, ms. */
  write: number
}

/**
 * How long a task takes when there are 1,000 a second: beside the least that its two steps can
 * take, which is a request through the relay and two synced writes of a page.
 */
export async function latency(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const directory = freshDirectory(bench, 'latency')
  await using droplet = await startDroplet(bench)
  await using relay = await startRelay(bench, droplet)
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  const seconds = quick ? 2 : 5
  for (const service of [relay, ours]) await openLoop(service, seconds)

  const rounds: Round[] = []
  for (let round = 0; round < (quick ? 2 : 5); round++) {
    rounds.push({
      relay: await openLoop(relay, seconds),
      write: median(syncedWriteTimes(directory)),
      ours: await openLoop(ours, seconds),
    })
  }
  const add = (name: string, of: (round: Round) => number) =>
    report.addMedian(name, rounds.map(of), 'ms')
  const ratios = rounds.map(({ ours, relay, write }) => ours.p50Ms / (relay.p50Ms + 2 * write))
  report.addMedian('p50, times (relay + two synced writes)', ratios, 'x', ['<=', 2])
  add('p50, orchestrator', (each) => each.ours.p50Ms)
  add('p50, relay', (each) => each.relay.p50Ms)
  add('a synced write of 4 KB', (each) => each.write)
  add('p99, orchestrator', (each) => each.ours.p99Ms)
  add('p99, relay', (each) => each.relay.p99Ms)
  const failed = rounds.reduce((sum, { ours, relay }) => sum + ours.failed + relay.failed, 0)
  report.add('failed', failed, 'requests', ['<=', 0])
}

async function openLoop({ url }: Service, seconds: number): Promise<OpenLoop> {
  const command = [process.execPath, join(import.meta.dir, '../programs/open-loop.ts')]
  const env = {
    ...MANY_REQUESTS,
    TARGET: `${url}/orchestrator/tasks`,
    BODY: taskBody('bench'),
    RATE: String(RATE),
    SECONDS: String(seconds),
  }
  const child = Bun.spawn(command, { env, stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
  endWithUs(child)
  const output = await child.stdout.text()
  if ((await child.exited) !== 0) throw new Error('the open loop failed')
  return JSON.parse(output) as OpenLoop
}
