import {
  freshDirectory,
  startDroplet,
  startOrchestrator,
  type Bench,
  type Service,
} from '../bench.ts'
import { median } from '../report.ts'
import { loadTasks, metricsOf, taskBody } from '../tasks.ts'

const MAX_MB = 200
/** What garbage that is not collected yet may add. */
const FLAT = 1.1

/** Memory stays flat after the first 100,000 tasks. */
export async function memory(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const directory = freshDirectory(bench, 'memory')
  await using droplet = await startDroplet(bench)
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  const step = quick ? 10_000 : 100_000

  const warm = await runTasks(ours, step / 10)
  const first = await runTasks(ours, step)
  const second = await runTasks(ours, 2 * step)
  report.add('RSS after the warm-up', warm, 'MB')
  report.add(`RSS after ${step.toLocaleString('en')} tasks`, first, 'MB', ['<', MAX_MB])
  report.add(`RSS after ${(2 * step).toLocaleString('en')} tasks`, second, 'MB', ['<', MAX_MB])
  report.add('the second over the first', second / first, '', ['<=', FLAT])
}

/** Loads until so many have ended; the median of the RSS over the last second, MB. */
async function runTasks(ours: Service, total: number): Promise<number> {
  const body = taskBody('bench')
  const limit = performance.now() + 120_000
  for (;;) {
    const samples: number[] = []
    const timer = setInterval(() => samples.push(ours.process.rssMb()), 50)
    await loadTasks(ours, 1, body)
    clearInterval(timer)
    if ((await metricsOf(ours)).tasks.total >= total) return median(samples)
    if (performance.now() > limit) throw new Error(`fewer than ${total} tasks in two minutes`)
  }
}
