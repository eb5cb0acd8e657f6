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

const CONNECTIONS = 128
const LIMIT_MS = 240_000

/** Memory stays flat after the first tasks. */
export async function memory(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const directory = freshDirectory(bench, 'memory')
  await using droplet = await startDroplet(bench)
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  const some = quick ? 10_000 : 100_000
  const many = 5 * some

  const warm = await runTasks(ours, some / 10)
  const first = await runTasks(ours, some)
  const last = await runTasks(ours, many)
  report.add('RSS after the warm-up', warm, 'MB')
  report.add(`RSS after ${some.toLocaleString('en')} tasks`, first, 'MB', ['<', MAX_MB])
  report.add(`RSS after ${many.toLocaleString('en')} tasks`, last, 'MB', ['<', MAX_MB])
  report.add('the last over the first', last / first, '', ['<=', FLAT])
}

/** Loads until so many have ended; the median of the RSS over the last second, MB. */
async function runTasks(ours: Service, total: number): Promise<number> {
  const body = taskBody('bench')
  const limit = performance.now() + LIMIT_MS
  for (;;) {
    const samples: number[] = []
    const timer = setInterval(() => samples.push(ours.process.rssMb()), 50)
    await loadTasks(ours, 1, body, CONNECTIONS)
    clearInterval(timer)
    if ((await metricsOf(ours)).tasks.total >= total) return median(samples)
    if (performance.now() > limit) throw new Error(`fewer than ${total} tasks in ${LIMIT_MS} ms`)
  }
}
