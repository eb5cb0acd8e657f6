/** The binary with its tasks in Postgres: one of several, or alone. */
import { freshDirectory, startOrchestrator, type Bench, type Service } from '../bench.ts'

export interface NodeOptions {
  /** Its TASK_DB. */
  database: string
  name?: string
  droplets: Record<string, Service>
  env?: Record<string, string>
}

export function startNode(
  bench: Bench,
  { database, name = 'node-1', droplets, env = {} }: NodeOptions,
): Promise<Service & { startMs: number }> {
  return startOrchestrator(bench, {
    directory: freshDirectory(bench, name),
    droplets,
    env: {
      TASK_DB: database,
      NODE_NAME: name,
      // All have the same; the Registry is a file here, and nobody asks it.
      PUBLIC_URL: 'http://orchestrator.test',
      // A cancelled start leaves nothing worth waiting for.
      SHUTDOWN_GRACE: '0',
      ...env,
    },
  })
}
