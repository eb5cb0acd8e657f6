/** What every part of the benchmark gets, and the programs that it measures. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child, freePort } from './child.ts'
import { LOAD_GENERATOR } from './load.ts'
import { describeMachine, diskDirectory, type Machine } from './machine.ts'
import { Report } from './report.ts'

const ROOT = join(import.meta.dir, '../..')

export interface Bench {
  /** On a disk; removed at the end. */
  directory: string
  binary: string
  /** A run to try the benchmark itself: smaller, and its figures tell less. */
  quick: boolean
  report: Report
  machine: Machine
}

/** A program of ours at its address; stops when it goes out of scope. */
export interface Service extends AsyncDisposable {
  url: string
  process: Child
}

export function createBench(program: string, quick: boolean): Bench {
  const name = `bench-${process.pid}`
  const directory = diskDirectory([join(ROOT, 'dist', name), join('/var/tmp', name)])
  const binary = join(directory, 'orchestrator')
  // A copy: whoever builds while this runs would change what is measured.
  copyFileSync(program, binary)
  const machine = describeMachine(directory, LOAD_GENERATOR)
  return { directory, binary, quick, report: new Report(), machine }
}

export function removeBench({ directory }: Bench): void {
  rmSync(directory, { recursive: true, force: true })
}

/** An empty directory for one part or one service. */
export function freshDirectory(bench: Bench, name: string): string {
  const directory = join(bench.directory, name)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  return directory
}

/** `delayMs`: how long it takes to answer. */
export function startDroplet(bench: Bench, name = 'droplet', delayMs = 0): Promise<Service> {
  return startProgram(bench, name, 'droplet.ts', { DELAY_MS: String(delayMs) })
}

export async function startRelay(bench: Bench, upstream: Service): Promise<Service> {
  const env = { UPSTREAM: upstream.url, ...MANY_REQUESTS }
  return startProgram(bench, 'relay', 'relay.ts', env)
}

/** bunqueue as a service, with its database in the directory; `callers` work at once. */
export async function startRival(
  bench: Bench,
  directory: string,
  upstream: Service,
  callers: number,
): Promise<Service> {
  const DATABASE = join(directory, 'rival.db')
  const env = { UPSTREAM: upstream.url, DATABASE, CALLERS: String(callers), ...MANY_REQUESTS }
  return startProgram(bench, 'rival', 'rival.ts', env)
}

/** As the binary sets it for itself. */
export const MANY_REQUESTS = { BUN_CONFIG_MAX_HTTP_REQUESTS: '65535', UV_THREADPOOL_SIZE: '16' }

/** One of `programs`, by its file. */
export async function startProgram(
  bench: Bench,
  name: string,
  file: string,
  env: Record<string, string>,
): Promise<Service> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const process = new Child({
    name,
    command: [globalThis.process.execPath, join(import.meta.dir, 'programs', file)],
    env: { PORT: String(port), ...env },
    directory: bench.directory,
  })
  await process.answers(`${url}/health`)
  return serviceOf(url, process)
}

export interface OrchestratorOptions {
  /** Where it has its database and its cache. */
  directory: string
  /** By name; none: the Registry cannot be reached. */
  droplets?: Record<string, Service>
  env?: Record<string, string>
  /** The program; default: the binary. */
  command?: readonly string[]
}

/** The binary with its history on disk; resolves once it is healthy. */
export async function startOrchestrator(
  bench: Bench,
  { directory, droplets, env = {}, command = [bench.binary] }: OrchestratorOptions,
): Promise<Service & { startMs: number }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const start = performance.now()
  const process = new Child({
    name: 'orchestrator',
    command: [...command, 'serve'],
    env: {
      HOST: '127.0.0.1',
      PORT: String(port),
      REGISTRY_URL: droplets ? registryFile(directory, droplets) : 'http://127.0.0.1:9',
      REGISTRY_CACHE_DIR: join(directory, 'cache'),
      TASK_DB: join(directory, 'orchestrator.db'),
      ...env,
    },
    directory,
  })
  await process.answers(`${url}/orchestrator/health`)
  const startMs = performance.now() - start
  if (droplets) await process.answers(`${url}/orchestrator/ready`)
  return { ...serviceOf(url, process), startMs }
}

function serviceOf(url: string, process: Child): Service {
  return { url, process, [Symbol.asyncDispose]: () => process.stop() }
}

function registryFile(directory: string, droplets: Record<string, Service>): string {
  const file = join(directory, 'droplets.json')
  const entries = Object.entries(droplets).map(([name, { url }]) => ({ name, endpoint: url }))
  writeFileSync(file, JSON.stringify({ droplets: entries }))
  return `file:${file}`
}
