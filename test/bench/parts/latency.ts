import {
  freshDirectory,
  startDroplet,
  startOrchestrator,
  startRelay,
  type Bench,
} from '../bench.ts'
import { syncedWriteTimes } from '../machine.ts'
import { openLoop, type OpenLoop } from '../open-loop.ts'
import { median } from '../report.ts'

const RATE = 1000

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
  const how = { rate: RATE, seconds: quick ? 2 : 5 }
  for (const service of [relay, ours]) await openLoop(service, how)

  const rounds: Round[] = []
  for (let round = 0; round < (quick ? 2 : 5); round++) {
    rounds.push({
      relay: await openLoop(relay, how),
      write: median(syncedWriteTimes(directory)),
      ours: await openLoop(ours, how),
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
