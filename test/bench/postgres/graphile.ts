/** graphile-worker, the closest rival on Postgres: fetched for the run, never a dependency. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MANY_REQUESTS, startProgram, type Bench, type Service } from '../bench.ts'

const NAME = 'graphile-worker'
const VERSION = '0.18.0'

/**
 * - `as it comes`: each worker fetches each job by itself, and tells its end by itself.
 * - `tuned`: the batches that its manual calls experimental, at their best as tried here.
 */
export type Tuning = 'as it comes' | 'tuned'

/** Installs it into the benchmark's folder; rejects when the package registry is out of reach. */
export async function installGraphile(bench: Bench): Promise<string> {
  const folder = join(bench.directory, 'graphile')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const command = [process.execPath, 'add', '--exact', '--ignore-scripts', `${NAME}@${VERSION}`]
  const child = Bun.spawn(command, { cwd: folder, stdout: 'ignore', stderr: 'pipe' })
  const errors = await child.stderr.text()
  if ((await child.exited) !== 0) {
    throw new Error(`${NAME} cannot be installed: ${errors.trim().slice(-300)}`)
  }
  return folder
}

/** As a service that takes the tasks that the orchestrator takes, with its tables in `database`. */
export function startGraphile(
  bench: Bench,
  how: { folder: string; database: string; upstream: Service; concurrency: number; tuning: Tuning },
): Promise<Service> {
  return startProgram(bench, 'graphile', 'graphile.ts', {
    FOLDER: how.folder,
    DATABASE: how.database,
    UPSTREAM: how.upstream.url,
    CONCURRENCY: String(how.concurrency),
    TUNED: String(how.tuning === 'tuned'),
    ...MANY_REQUESTS,
  })
}
