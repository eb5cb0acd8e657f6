/** The task that is sent a million times, and what the service says of itself. */
import type { Service } from './bench.ts'
import { load, type LoadResult } from './load.ts'

/** As many as issue and contract speak of. */
export const CONNECTIONS = 32

const PAYLOAD = { order: 4711, items: ['apple', 'pear'], note: 'a payload of a usual size' }
const JSON_HEADERS = { 'content-type': 'application/json' }

/** A submission; the relay understands it as well. */
export function taskBody(droplet: string, more: Record<string, unknown> = {}): string {
  const task = { droplet_name: droplet, method: 'POST', path: '/work', payload: PAYLOAD }
  return JSON.stringify({ ...task, ...more })
}

/** The same for a task without a payload. */
export function getBody(droplet: string): string {
  return JSON.stringify({ droplet_name: droplet, method: 'GET', path: '/work' })
}

/** Synchronous tasks, for the relay or for us. */
export function loadTasks(
  to: Pick<Service, 'url'>,
  seconds: number,
  body: string,
  connections = CONNECTIONS,
  more: Record<string, string> = {},
): Promise<LoadResult> {
  const url = `${to.url}/orchestrator/tasks`
  const headers = { ...JSON_HEADERS, ...more }
  return load({ url, method: 'POST', headers, body, connections, seconds })
}

/** Asynchronous ones: each is answered with 202. */
export function loadAsync(to: Service, seconds: number, body: string): Promise<LoadResult> {
  const url = `${to.url}/orchestrator/tasks`
  const headers = { ...JSON_HEADERS, prefer: 'respond-async' }
  return load({ url, method: 'POST', headers, body, connections: CONNECTIONS, seconds })
}

/** Of `GET /orchestrator/metrics`, what is used here. */
export interface Metrics {
  tasks: { total: number; success: number; queued: number; running: number }
  store: { commits: number; writes: number; failures: number }
}

export async function metricsOf(service: Service): Promise<Metrics> {
  const answer = await fetch(`${service.url}/orchestrator/metrics`)
  return (await answer.json()) as Metrics
}

export async function pause(droplet: Service): Promise<void> {
  await fetch(`${droplet.url}/control/pause`)
}

export async function resume(droplet: Service): Promise<void> {
  await fetch(`${droplet.url}/control/resume`)
}

/** Polls until it is so; rejects after `limitMs`. */
export async function until(
  what: string,
  limitMs: number,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const start = performance.now()
  while (!(await isSo())) {
    if (performance.now() - start > limitMs) throw new Error(`${what}: not within ${limitMs} ms`)
    await Bun.sleep(20)
  }
}
