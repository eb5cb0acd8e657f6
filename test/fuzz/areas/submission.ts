/** Requests that submit a task, as bytes; and a benign one of any size. */
import { exchange, type Exchange, type ExchangeOptions } from '../wire.ts'
import type { World } from '../world.ts'

export const TASKS = '/orchestrator/tasks'

/** Name and value, as they go over the wire. */
export type HeaderLines = readonly (readonly [name: string, value: string])[]

export const head = (method: string, target: string, lines: HeaderLines) =>
  `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`

export const JSON_LINE = ['Content-Type', 'application/json'] as const

export function post(
  world: World,
  target: string,
  body: Uint8Array,
  lines: HeaderLines = [JSON_LINE],
  options: ExchangeOptions = {},
): Promise<Exchange> {
  const framing = [
    ['Host', 'localhost'],
    ['Content-Length', String(body.length)],
    ...Object.entries(world.headers()),
  ] as const
  // In one piece: half a request is for the raw ones.
  const request = Buffer.concat([
    Buffer.from(head('POST', target, [...framing, ...lines]), 'latin1'),
    body,
  ])
  return exchange(world.url, [request], options)
}

/** Until the service has had its turn: who waits longer for an answer may wait for ever. */
export async function aMoment(world: World): Promise<void> {
  await world.health()
  await Bun.sleep(5)
  await world.health()
}

/** What any input of its size may cost some times as much as: a task that is sent and answered. */
export async function benignTask(world: World, bytes: number): Promise<void> {
  const task = { droplet_name: 'echo', method: 'POST', path: '/', payload: 'x'.repeat(bytes) }
  const { answers } = await post(world, TASKS, Buffer.from(JSON.stringify(task)))
  if (answers[0]?.status !== 200) throw new Error(`a benign task failed: ${answers[0]?.text}`)
}

/** Requests that the droplet got for the one that was answered so. */
export function sentFor({ droplet }: World, answer: { headers: Headers } | undefined) {
  const id = answer?.headers.get('x-request-id')
  return droplet.requests.filter(({ headers }) => headers['x-request-id'] === id)
}
