import { freshDirectory, startDroplet, startOrchestrator, type Bench } from '../bench.ts'
import { median } from '../report.ts'

/** The start without a Registry, and what it costs to do nothing. */
export async function start(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const times: number[] = []
  for (let run = 0; run < (quick ? 3 : 7); run++) {
    const directory = freshDirectory(bench, 'start')
    await using ours = await startOrchestrator(bench, { directory })
    times.push(ours.startMs)
  }
  report.add('to healthy without a Registry, median', median(times), 'ms', ['<', 150])
  report.add('to healthy without a Registry, slowest', Math.max(...times), 'ms')

  const directory = freshDirectory(bench, 'idle')
  await using droplet = await startDroplet(bench)
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  // What a start leaves to be done is done by then.
  await Bun.sleep(2000)
  const seconds = quick ? 3 : 10
  const before = ours.process.cpuMs()
  await Bun.sleep(seconds * 1000)
  const share = (ours.process.cpuMs() - before) / (seconds * 1000)
  report.add('idle RSS', ours.process.rssMb(), 'MB', ['<', 60])
  report.add(`idle, over ${seconds} s`, share * 100, '% of a core', ['<', 0.5])
}
