import { freshDirectory, startDroplet, startOrchestrator, type Bench } from '../bench.ts'
import { hang } from '../hang.ts'
import type { LoadResult } from '../load.ts'
import { medians } from '../pairs.ts'
import { median } from '../report.ts'
import { loadTasks, taskBody } from '../tasks.ts'

const HANGING = 1500

/** Callers wait on one droplet that hangs; those of another are answered as fast as without. */
export async function hanging(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const directory = freshDirectory(bench, 'hanging')
  await using droplet = await startDroplet(bench)
  await using stuck = await startDroplet(bench, 'stuck')
  const droplets = { bench: droplet, stuck }
  await using ours = await startOrchestrator(bench, { directory, droplets })
  const body = taskBody('bench')
  const seconds = quick ? 1 : 2
  await loadTasks(ours, 2, body)

  const without: LoadResult[] = []
  const beside: LoadResult[] = []
  for (let round = 0; round < (quick ? 1 : 4); round++) {
    without.push(await loadTasks(ours, seconds, body))
    const release = await hang(bench, ours, stuck, HANGING)
    beside.push(await loadTasks(ours, seconds, body))
    const { failed } = await release()
    if (failed > 0) throw new Error(`${failed} callers who waited got an error`)
  }

  const ratios = beside.map((each, index) => each.perSecond / without[index]!.perSecond)
  const [quiet, busy] = [medians(without), medians(beside)]
  report.add('throughput beside, share of without', median(ratios), '', ['>=', 0.9])
  report.add('without', quiet.perSecond, 'req/s')
  report.add(`beside ${HANGING} that hang`, busy.perSecond, 'req/s')
  report.add('p50 without', quiet.p50Ms, 'ms')
  report.add('p50 beside', busy.p50Ms, 'ms')
  report.add('p99 without', quiet.p99Ms, 'ms')
  report.add('p99 beside', busy.p99Ms, 'ms')
  report.add('RSS', ours.process.rssMb(), 'MB')
}
