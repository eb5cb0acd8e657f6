/** How long after a task's answer those who watch hear of its end. */
import { OrchestratorClient } from '../../src/client/client.ts'
import type { Service } from './bench.ts'
import { percentile } from './report.ts'

export interface Delays {
  p50Ms: number
  p99Ms: number
}

const SUBMISSION = JSON.stringify({ droplet_name: 'bench', path: '/' })

/** So many tasks, one after the other, while ten others watch as well. */
export async function delays({ url }: Service, tasks: number): Promise<Delays> {
  const client = new OrchestratorClient({ url: `${url}/orchestrator`, token: null, fetch })
  const leaving = new AbortController()
  const heard = new Map<string, number>()
  const reading = (async () => {
    for await (const event of client.events({ kinds: 'task,overview' }, leaving.signal)) {
      if (event.type !== 'task' || event.data.change !== 'ended') continue
      heard.set(event.data.task.id, performance.now())
    }
  })().catch(() => {})
  const answered = new Map<string, number>()
  for (let sent = 0; sent < tasks; sent++) {
    const outcome = await client.send('/tasks', { method: 'POST', body: SUBMISSION })
    const at = performance.now()
    answered.set((JSON.parse(outcome) as { task_id: string }).task_id, at)
    await Bun.sleep(5)
  }
  for (const start = performance.now(); heard.size < tasks && performance.now() - start < 5000;) {
    await Bun.sleep(5)
  }
  leaving.abort()
  await reading
  // One that never came counts as late as can be.
  const ms = [...answered].map(([id, at]) => Math.max(0, (heard.get(id) ?? Infinity) - at))
  return { p50Ms: percentile(ms, 50), p99Ms: percentile(ms, 99) }
}
