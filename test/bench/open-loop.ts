/** Tasks that are sent by the clock and not by answers. */
import { join } from 'node:path'
import { MANY_REQUESTS, type Service } from './bench.ts'
import { endWithUs } from './child.ts'
import { taskBody } from './tasks.ts'

export interface OpenLoop {
  p50Ms: number
  p99Ms: number
  failed: number
}

/** `rate` a second; the first second is not measured. */
export async function openLoop(
  { url }: Service,
  { rate, seconds }: { rate: number; seconds: number },
): Promise<OpenLoop> {
  const command = [process.execPath, join(import.meta.dir, 'programs/open-loop.ts')]
  const env = {
    ...MANY_REQUESTS,
    TARGET: `${url}/orchestrator/tasks`,
    BODY: taskBody('bench'),
    RATE: String(rate),
    SECONDS: String(seconds),
  }
  const child = Bun.spawn(command, { env, stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
  endWithUs(child)
  const output = await child.stdout.text()
  if ((await child.exited) !== 0) throw new Error('the open loop failed')
  return JSON.parse(output) as OpenLoop
}
