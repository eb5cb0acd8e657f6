/** A backlog of asynchronous tasks: how fast it is taken, and worked off. */
import type { Service } from '../bench.ts'
import type { LoadResult } from '../load.ts'
import { medians } from '../pairs.ts'
import { loadAsync, metricsOf, pause, resume } from '../tasks.ts'
import type { Done } from './turn.ts'

const POLL_MS = 10
const LIMIT_MS = 120_000

/** Tasks that have ended on these nodes so far. */
async function endedOn(services: readonly Service[]): Promise<number> {
  const all = await Promise.all(services.map(metricsOf))
  return all.reduce((sum, { tasks }) => sum + tasks.total, 0)
}

/** While the droplet answers nothing, at least `count` tasks pile up. */
export async function pileUp(
  service: Service,
  { droplet, body, count }: { droplet: Service; body: string; count: number },
): Promise<LoadResult> {
  await pause(droplet)
  const all: LoadResult[] = []
  for (let queued = 0; queued < count;) {
    const result = await loadAsync(service, 1, body)
    queued += result.requests - result.refused
    all.push(result)
  }
  return medians(all)
}

/** From the moment the droplet answers again until all of the backlog has ended. */
export async function workOff(
  services: readonly Service[],
  droplet: Service,
  requests: number,
): Promise<Done> {
  const total = requests + (await endedOn(services))
  const start = performance.now()
  await resume(droplet)
  while ((await endedOn(services)) < total) {
    if (performance.now() - start > LIMIT_MS) throw new Error('the backlog does not end')
    await Bun.sleep(POLL_MS)
  }
  return { requests, perSecond: (requests / (performance.now() - start)) * 1000 }
}
