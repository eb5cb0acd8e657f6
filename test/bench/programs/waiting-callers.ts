/**
 * Callers who wait: sends COUNT tasks at once and holds their connections open until each is
 * answered. A process of its own, since fetch's limit of 256 in flight is read at its start.
 */
import { env } from 'node:process'

const { TARGET, COUNT, BODY } = env
const failed: number[] = []

async function wait(): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: BODY!, timeout: false }
  const answer = await fetch(TARGET!, init as RequestInit)
  await answer.bytes()
  if (!answer.ok) failed.push(answer.status)
}

await Promise.all(Array.from({ length: Number(COUNT) }, wait))
if (failed.length > 0) {
  console.error(`${failed.length} of ${COUNT} were not answered well: ${failed.slice(0, 5)}`)
  process.exitCode = 1
}
