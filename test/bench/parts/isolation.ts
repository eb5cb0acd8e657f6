import { freshDirectory, startDroplet, startOrchestrator, type Bench } from '../bench.ts'
import { hang, type Told } from '../hang.ts'
import { openLoop, type OpenLoop } from '../open-loop.ts'
import { median } from '../report.ts'
import { loadTasks, taskBody } from '../tasks.ts'

const HANGING = 1500
/** Far below what the service can do: what is measured is how long one waits for another. */
const RATE = 300

/** 1,500 tasks hang on one droplet: how long do those of another take, beside a quiet run? */
export async function isolation(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const directory = freshDirectory(bench, 'isolation')
  await using droplet = await startDroplet(bench)
  await using stuck = await startDroplet(bench, 'stuck')
  const droplets = { bench: droplet, stuck }
  await using ours = await startOrchestrator(bench, { directory, droplets })
  await loadTasks(ours, 2, taskBody('bench'))

  const how = { rate: RATE, seconds: quick ? 3 : 10 }
  const [quiet, beside, told]: [OpenLoop[], OpenLoop[], Told[]] = [[], [], []]
  for (let round = 0; round < (quick ? 2 : 5); round++) {
    quiet.push(await openLoop(ours, how))
    const release = await hang(bench, ours, stuck, HANGING)
    beside.push(await openLoop(ours, how))
    told.push(await release())
  }

  const ratios = (of: (one: OpenLoop) => number) =>
    beside.map((each, round) => of(each) / of(quiet[round]!))
  report.addMedian('p99 beside, times the quiet one', ratios(p99), 'x', ['<=', 1.5])
  report.addMedian('p50 beside, times the quiet one', ratios(p50), 'x')
  report.addMedian('p99 quiet', quiet.map(p99), 'ms')
  report.addMedian(`p99 beside ${HANGING} that hang`, beside.map(p99), 'ms')
  const failed = [...quiet, ...beside].reduce((sum, each) => sum + each.failed, 0)
  report.add('failed', failed, 'requests', ['<=', 0])
  const of = (key: keyof Told) => median(told.map((each) => each[key]))
  report.add('of those that hung, answered in the end', of('answered'), 'tasks')
  report.add('refused as OVERLOADED', of('refused'), 'tasks')
  report.add('answered with anything else', of('failed'), 'tasks', ['<=', 0])
  report.add('RSS', ours.process.rssMb(), 'MB')
}

const p99 = ({ p99Ms }: OpenLoop) => p99Ms
const p50 = ({ p50Ms }: OpenLoop) => p50Ms
