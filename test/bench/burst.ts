/** A burst of load on a service, and what it cost its process. */
import type { Service } from './bench.ts'
import type { LoadResult } from './load.ts'
import { loadTasks } from './tasks.ts'

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
}

/** Synchronous tasks, for the relay or for us. */
export async function burst(
  { url, process }: Service,
  { body, connections, seconds }: BurstOptions,
): Promise<Burst> {
  const threadsBefore = new Map(process.threads().map(({ id, cpuMs }) => [id, cpuMs]))
  const writtenBefore = process.writtenBytes()
  const result = await loadTasks({ url }, seconds, body, connections)
  const threadsUs: Record<string, number> = {}
  for (const { id, name, cpuMs } of process.threads()) {
    const us = ((cpuMs - (threadsBefore.get(id) ?? 0)) * 1000) / result.requests
    threadsUs[name] = (threadsUs[name] ?? 0) + us
  }
  const cpuUs = Object.values(threadsUs).reduce((sum, each) => sum + each, 0)
  const writtenBytes = (process.writtenBytes() - writtenBefore) / result.requests
  return { ...result, cpuUs, threadsUs, writtenBytes }
}
