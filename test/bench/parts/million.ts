import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { freshDirectory, startDroplet, startOrchestrator, type Bench } from '../bench.ts'
import { fillHistory } from '../history.ts'
import { measureLists } from '../lists.ts'
import { loadTasks, taskBody } from '../tasks.ts'

const HISTORY = { TASK_MAX_HISTORY: '2000000' }

/** A history of a million tasks: the start, and the list. */
export async function million(bench: Bench): Promise<void> {
  const { report, quick } = bench
  const count = quick ? 100_000 : 1_000_000
  const directory = freshDirectory(bench, 'million')
  const file = join(directory, 'orchestrator.db')
  fillHistory(file, count)
  report.add('tasks in the database', count, '', null, `${megabytes(file)} MB`)
  await using droplet = await startDroplet(bench)
  const options = { directory, droplets: { bench: droplet }, env: HISTORY }

  if (dropFromCache(file)) {
    await using cold = await startOrchestrator(bench, options)
    report.add('to healthy, file not in the cache', cold.startMs, 'ms', ['<', 1000])
  }
  await using ours = await startOrchestrator(bench, options)
  report.add('to healthy', ours.startMs, 'ms', ['<', 1000])
  await measureLists(ours, report, ['<', 15], count)
  const { perSecond } = await loadTasks(ours, 2, taskBody('bench'))
  report.add('synchronous tasks over it', perSecond, 'req/s')
  report.add('RSS', ours.process.rssMb(), 'MB')
  await ours.process.stop()
  rmSync(directory, { recursive: true })
}

/** As after the machine's own start; false where nothing can do it without being root. */
function dropFromCache(file: string): boolean {
  const dd = Bun.which('dd')
  if (dd === null || !existsSync(file)) return false
  // What is not on the disk yet stays in the cache.
  const descriptor = openSync(file, 'r+')
  fsyncSync(descriptor)
  closeSync(descriptor)
  // posix_fadvise(DONTNEED), which GNU's dd calls for the flag.
  const command = [dd, `if=${file}`, 'iflag=nocache', 'count=0', 'status=none']
  return Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).success
}

function megabytes(file: string): string {
  return Math.round(statSync(file).size / 2 ** 20).toLocaleString('en')
}
