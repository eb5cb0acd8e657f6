/** Callers, some who wait and some who don't, and what each of them was told. */
import type { Service } from '../support/binary-service.ts'
import type { Random } from './random.ts'

/** One request of a caller, sent again, with its key, until it is answered. */
export interface Order {
  /** In the task's `meta`. It finds the task when its caller was told nothing. */
  readonly number: number
  readonly mode: 'sync' | 'async'
  readonly key: string | null
  readonly path: string
  /** The round in which it was first sent. */
  readonly round: number
  /** The ids that it was told, by a 202 or an outcome: one, or something is wrong. */
  readonly ids: Set<string>
  /** What the caller was told in the end. `refused`: that nothing was started. */
  told: 'nothing' | 'refused' | 'accepted' | 'success' | 'failure'
}

/** What stands in the order's secret header. */
export const secretOf = (number: number) => `Bearer secret-of-order-${number}`

const CALLERS = 16
/** More than a usual round takes. */
const MAX_PER_ROUND = 400

export function newOrder(number: number, round: number, random: Random): Order {
  const fail = random.chance(0.15) ? 1 : 0
  const ms = random.chance(0.3) ? random.whole(20, 250) : random.whole(0, 5)
  return {
    number,
    mode: random.chance(0.5) ? 'sync' : 'async',
    key: random.chance(0.4) ? `order-${number}` : null,
    path: `/work?fail=${fail}&ms=${ms}`,
    round,
    ids: new Set(),
    told: 'nothing',
  }
}

/** Sends orders, new ones after `unfinished`, until the service is killed or there are enough. */
export async function loadUntilKilled(
  service: Service,
  unfinished: readonly Order[],
  next: () => Order,
): Promise<void> {
  const waiting = [...unfinished]
  let sent = 0
  const take = () => (sent++ < MAX_PER_ROUND ? (waiting.shift() ?? next()) : undefined)
  const call = async () => {
    for (let order = take(); order; order = take()) {
      if (!(await send(service, order))) return
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, call))
}

/**
 * False when there was no answer, or one that says to send it again later. Throws for one that no
 * caller should get. `isShared`: several nodes have one database, which may be away.
 */
export async function send(service: Service, order: Order, isShared = false): Promise<boolean> {
  const { path, number } = order
  const secret = { authorization: secretOf(number) }
  const body = { method: 'POST', path, payload: {}, meta: { number }, headers: secret }
  const headers: Record<string, string> = {}
  if (order.mode === 'async') headers.prefer = 'respond-async'
  if (order.key) headers['idempotency-key'] = order.key
  const reply = await service.submit(body, headers).catch(() => null)
  if (!reply) return false
  const { status, json } = reply
  const id: unknown = json?.task_id ?? json?.error?.details?.task_id
  if (typeof id === 'string') order.ids.add(id)
  if (status === 202) order.told = 'accepted'
  else if (status === 200) order.told = json.status === 'success' ? 'success' : 'failure'
  // It was accepted in an earlier round, and is on its way.
  else if (json?.error?.code === 'IDEMPOTENCY_KEY_IN_USE' && order.mode === 'async') {
    order.told = 'accepted'
  } else if (isShared && TEMPORARY.has(json?.error?.code)) {
    // Nothing was started, or the caller is told of which task it does not know the end.
    if (typeof id !== 'string') order.told = 'refused'
    return false
  } else throw new Error(`order ${order.number} was answered ${status}: ${reply.text}`)
  return true
}

/** A key is in use by what runs on another node, or ran on one that is not heard of any more. */
const TEMPORARY = new Set(['STORE_UNAVAILABLE', 'SHUTTING_DOWN', 'IDEMPOTENCY_KEY_IN_USE'])
