import type { ProcessUsage } from '../ports.ts'

/** What this process uses, all of its threads included. */
export function processUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage()
  return {
    cpuMs: (user + system) / 1000,
    memoryBytes: process.memoryUsage.rss(),
    startedAt: performance.timeOrigin,
  }
}
