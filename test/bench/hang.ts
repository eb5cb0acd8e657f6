/** Callers who wait on a droplet that hangs. */
import { join } from 'node:path'
import { MANY_REQUESTS, type Bench, type Service } from './bench.ts'
import { Child } from './child.ts'
import { metricsOf, pause, resume, taskBody, until } from './tasks.ts'

/** What each of them was told in the end. */
export interface Told {
  answered: number
  /** 503 OVERLOADED: the droplet had as many as it may have. */
  refused: number
  /** Whatever else; or nothing. */
  failed: number
}

/** So many looks, one every 20 ms, must see the same. */
const SETTLED_AFTER = 25

/**
 * Sends `count` synchronous tasks to the droplet, which answers none. Resolves once all that may
 * hang at it do so; what it resolves with lets them go.
 */
export async function hang(
  bench: Bench,
  ours: Service,
  stuck: Service,
  count: number,
): Promise<() => Promise<Told>> {
  await pause(stuck)
  const callers = new Child({
    name: 'waiting-callers',
    command: [process.execPath, join(import.meta.dir, 'programs/waiting-callers.ts')],
    env: {
      ...MANY_REQUESTS,
      TARGET: `${ours.url}/orchestrator/tasks`,
      COUNT: String(count),
      BODY: taskBody('stuck', { timeout_ms: 120_000, max_retries: 0 }),
    },
    directory: bench.directory,
  })
  let before = ''
  let same = 0
  await until(`${count} tasks that hang`, 20_000, async () => {
    const { held } = (await (await fetch(`${stuck.url}/control`)).json()) as { held: number }
    const { running } = (await metricsOf(ours)).tasks
    // Those who wait for a place show nowhere: all are there when nothing changes any more.
    const now = `${held} ${running}`
    same = held > 0 && now === before ? same + 1 : 0
    before = now
    return held === count || same === SETTLED_AFTER
  })
  return async () => {
    await resume(stuck)
    await callers.exited
    return JSON.parse(callers.lastLine()) as Told
  }
}
