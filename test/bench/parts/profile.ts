import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  freshDirectory,
  MANY_REQUESTS,
  startDroplet,
  startOrchestrator,
  type Bench,
} from '../bench.ts'
import { Child } from '../child.ts'
import { loadTasks, taskBody } from '../tasks.ts'

const ROOT = join(import.meta.dir, '../../..')
const FOLDER = join(ROOT, 'dist/profile')

/**
 * Where the CPU goes: a profile of the service's main thread under load, and one of what the
 * database's thread does. From the sources, because in the binary the names are short ones.
 * Files that Chromium's developer tools open.
 */
export async function profile(bench: Bench): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  const seconds = bench.quick ? 2 : 10
  await profileService(bench, seconds)
  await profileStore(bench, seconds)
  console.log(`  profiles in ${FOLDER}: main.cpuprofile, store.cpuprofile`)
}

async function profileService(bench: Bench, seconds: number): Promise<void> {
  const directory = freshDirectory(bench, 'profile')
  await using droplet = await startDroplet(bench)
  const command = [...profiled('main'), join(ROOT, 'src/main.ts')]
  const droplets = { bench: droplet }
  // Set already: it would start itself again to set them, without the profiler.
  const env = MANY_REQUESTS
  await using ours = await startOrchestrator(bench, { directory, droplets, command, env })
  const { perSecond } = await loadTasks(ours, seconds, taskBody('bench'))
  bench.report.add('while it is profiled', perSecond, 'req/s')
}

async function profileStore(bench: Bench, seconds: number): Promise<void> {
  const directory = freshDirectory(bench, 'profile-store')
  const store = new Child({
    name: 'store',
    command: [...profiled('store'), join(import.meta.dir, '../programs/store.ts')],
    env: { TASK_DB: join(directory, 'orchestrator.db'), SECONDS: String(seconds) },
    directory,
  })
  if ((await store.exited) !== 0) throw new Error(`the store failed: see ${store.log}`)
}

function profiled(name: string): string[] {
  const options = ['--cpu-prof', `--cpu-prof-dir=${FOLDER}`, `--cpu-prof-name=${name}.cpuprofile`]
  return [process.execPath, ...options]
}
