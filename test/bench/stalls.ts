/** How long one request keeps others waiting. */
import type { Service } from './bench.ts'
import { percentile } from './report.ts'

/**
 * The longest that `/health` took, ms, while `work` was done again and again; the median of the
 * rounds, since the machine does other things meanwhile, too.
 */
export async function stall(
  { url }: Service,
  work: () => Promise<unknown>,
  rounds: number,
): Promise<number> {
  const longest: number[] = []
  for (let round = 0; round < rounds; round++) {
    let isWorking = true
    let slowestMs = 0
    const working = work().finally(() => (isWorking = false))
    while (isWorking) {
      const start = performance.now()
      await fetch(`${url}/orchestrator/health`)
      slowestMs = Math.max(slowestMs, performance.now() - start)
    }
    await working
    longest.push(slowestMs)
  }
  return percentile(longest, 50)
}
