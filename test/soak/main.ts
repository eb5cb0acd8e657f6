/** `bun run soak [MINUTES] [--seed N]`: exit code 1 when something leaks, or a task is lost. */
import { parseArgs } from 'node:util'
import type { Sample } from './sample.ts'
import { soak } from './soak.ts'

const USAGE = 'Usage: bun run soak [MINUTES] [--seed N]; 5 minutes unless told'

function read() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
    })
    const [minutes, seed] = [Number(positionals[0] ?? 5), Number(values.seed)]
    if (minutes > 0 && Number.isInteger(seed) && positionals.length < 2) return { minutes, seed }
  } catch (error) {
    console.error((error as Error).message.split('. ')[0])
  }
  console.error(USAGE)
  process.exit(64)
}

const { minutes, seed } = read()
const LINES = 20
const every = Math.max(1, Math.round((minutes * 60) / LINES))

const COLUMNS = ['s', 'RSS MB', 'sockets', 'fds', 'threads', 'WAL MB']
const line = (cells: readonly string[]) => cells.map((cell) => cell.padStart(8)).join('')
const row = ({ at, rssMb, sockets, descriptors, threads, walMb }: Sample) =>
  line([at, rssMb.toFixed(0), sockets, descriptors, threads, walMb.toFixed(1)].map(String))

console.log(`${minutes} minutes, seed ${seed}`)
console.log(line(COLUMNS))
const { run, faults, tasks, answers } = await soak(minutes, seed, (sample) => {
  if (sample.at % every === 0) console.log(row(sample))
})
console.log(`before\n${row(run.start)}\nafter\n${row(run.end)}`)
console.log(`idle: ${run.idleCpuMs.map((ms) => ms.toFixed(0)).join(' and ')} ms of CPU a second`)
console.log(`${tasks} tasks; ${[...answers].map(([what, count]) => `${count} ${what}`).join(', ')}`)
for (const fault of faults) console.error(`FAULT ${fault}`)
console.log(faults.length === 0 ? 'Nothing leaks, and every task has ended once.' : 'It leaks.')
process.exit(faults.length === 0 ? 0 : 1)
