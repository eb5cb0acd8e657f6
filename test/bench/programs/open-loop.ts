/**
 * An open loop: sends RATE requests a second for SECONDS, whether answers come or not, and tells
 * how long after its time each was answered. Who waits for answers before he sends again measures
 * less when the service is slow (coordinated omission).
 */
import { env } from 'node:process'
import { median, percentile } from '../report.ts'

const { TARGET, BODY } = env
const rate = Number(env.RATE)
const count = rate * Number(env.SECONDS)
/** ms; what failed has none. */
const latencies: number[] = []

async function send(index: number, dueAt: number): Promise<void> {
  // A timer may be early, too.
  const from = Math.min(dueAt, performance.now())
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(TARGET!, { method: 'POST', headers, body: BODY! }).catch(() => null)
  await answer?.bytes()
  if (answer?.ok) latencies[index] = performance.now() - from
}

const sent: Promise<void>[] = []
const start = performance.now()
while (sent.length < count) {
  const dueAt = start + (sent.length * 1000) / rate
  if (dueAt > performance.now()) await Bun.sleep(dueAt - performance.now())
  sent.push(send(sent.length, dueAt))
}
await Promise.all(sent)
// Nothing was compiled yet for the first second's.
const measured = latencies.slice(rate).filter((each) => each !== undefined)
const failed = count - Object.keys(latencies).length
const result = { p50Ms: median(measured), p99Ms: percentile(measured, 99), failed }
console.log(JSON.stringify(result))
