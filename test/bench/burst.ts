/** A burst of load on a service, and what it cost its process. */
import type { Service } from './bench.ts'
import type { Child } from './child.ts'
import type { LoadResult } from './load.ts'
import { median, type Limit, type Report } from './report.ts'
import { loadTasks } from './tasks.ts'

/** The tables follow their journal within 50 ms. */
const PUT_OFF_MS = 100

export interface Burst extends LoadResult {
  /** Time on a core that one task took, µs: of all threads, and of each by its name. */
  cpuUs: number
  threadsUs: Record<string, number>
  /** What one task sent to the disk. */
  writtenBytes: number
}

export interface BurstOptions {
  body: string
  connections: number
  seconds: number
  headers?: Record<string, string>
}

/** Synchronous tasks, for the relay or for us. */
export function burst(
  service: Service,
  { body, connections, seconds, headers }: BurstOptions,
): Promise<Burst> {
  return withCost(service.process, () => loadTasks(service, seconds, body, connections, headers))
}

/** Any load, and what a request of it cost the process that it was for. */
export async function withCost(process: Child, load: () => Promise<LoadResult>): Promise<Burst> {
  const threadsBefore = new Map(process.threads().map(({ id, cpuMs }) => [id, cpuMs]))
  const writtenBefore = process.writtenBytes()
  const result = await load()
  // What the last tasks have put off is their cost, too.
  await Bun.sleep(PUT_OFF_MS)
  const threadsUs: Record<string, number> = {}
  for (const { id, name, cpuMs } of process.threads()) {
    const us = ((cpuMs - (threadsBefore.get(id) ?? 0)) * 1000) / result.requests
    threadsUs[name] = (threadsUs[name] ?? 0) + us
  }
  const cpuUs = Object.values(threadsUs).reduce((sum, each) => sum + each, 0)
  const writtenBytes = (process.writtenBytes() - writtenBefore) / result.requests
  return { ...result, cpuUs, threadsUs, writtenBytes }
}

/**
 * The loads in turns, so many rounds of each, by their names. One more round comes before, in which
 * all that runs is compiled.
 */
export async function inTurns(
  rounds: number,
  loads: Readonly<Record<string, () => Promise<Burst>>>,
): Promise<Record<string, Burst[]>> {
  const bursts: Record<string, Burst[]> = {}
  for (let round = 0; round <= rounds; round++) {
    for (const [who, load] of Object.entries(loads)) {
      const burst = await load()
      if (round > 0) (bursts[who] ??= []).push(burst)
    }
  }
  return bursts
}

/** A refusal is fast, and would count as a task. */
export function failures(bursts: readonly LoadResult[]): number {
  return bursts.reduce((sum, { refused, lost }) => sum + refused + lost, 0)
}

/** For a note: medians of several bursts, and the slowest request of all. */
export function latencies(bursts: readonly LoadResult[]): string {
  const of = (key: 'p50Ms' | 'p99Ms') => median(bursts.map((each) => each[key])).toFixed(1)
  const slowest = Math.max(...bursts.map(({ maxMs }) => maxMs)).toFixed(1)
  return `p50 ${of('p50Ms')}, p99 ${of('p99Ms')}, slowest ${slowest} ms`
}

/** For a note: the threads that take the most, medians. */
export function byThread(bursts: readonly Burst[]): string {
  const names = [...new Set(bursts.flatMap(({ threadsUs }) => Object.keys(threadsUs)))]
  return names
    .map((name) => ({ name, us: median(bursts.map(({ threadsUs }) => threadsUs[name] ?? 0)) }))
    .filter(({ us }) => us >= 1)
    .sort((a, b) => b.us - a.us)
    .map(({ name, us }) => `${name} ${us.toFixed(0)}`)
    .join(', ')
}

/** Compiling is paid once, in the first minute; not by each task. */
const COMPILERS = ['JITWorker', 'JSCWarmUp']

/** Time on a core that one task took, µs, without that of the threads that compile. */
export function cpuWithoutCompiling({ cpuUs, threadsUs }: Burst): number {
  return COMPILERS.reduce((us, name) => us - (threadsUs[name] ?? 0), cpuUs)
}

/**
 * What a task costs in each way of `measured`, beside the way that is named `without`, round by
 * round; `wantedOf`: the limit of a way's ratio, null: none.
 */
export function addCpuRatios(
  report: Report,
  measured: Readonly<Record<string, readonly Burst[]>>,
  wantedOf: (name: string) => Limit | null,
): void {
  const { without: base = [], ...others } = measured
  const baseUs = base.map(cpuWithoutCompiling)
  for (const [name, bursts] of Object.entries(others)) {
    const ratios = bursts.map((each, round) => cpuWithoutCompiling(each) / baseUs[round]!)
    const wanted = wantedOf(name)
    report.addMedian(`CPU a task, ${name}, times without`, ratios, 'x', wanted, byThread(bursts))
  }
  report.addMedian('CPU a task, without', baseUs, 'µs', null, byThread(base))
  report.add('failed', failures(Object.values(measured).flat()), 'requests', ['<=', 0])
}
