/**
 * Callers who wait: sends COUNT tasks at once, holds their connections open until each is answered,
 * and prints what they were told. A process of its own, since fetch's limit of 256 in flight is read
 * at its start.
 */
import { env } from 'node:process'

const { TARGET, COUNT, BODY } = env
const told = { answered: 0, refused: 0, failed: 0 }

async function wait(): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: BODY!, timeout: false }
  const answer = await fetch(TARGET!, init as RequestInit).catch(() => null)
  const text = (await answer?.text().catch(() => '')) ?? ''
  if (answer?.ok) told.answered++
  else if (text.includes('"OVERLOADED"')) told.refused++
  else told.failed++
}

await Promise.all(Array.from({ length: Number(COUNT) }, wait))
console.log(JSON.stringify(told))
