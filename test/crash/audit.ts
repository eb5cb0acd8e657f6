/** Compares what the callers were told, what the droplet saw and what the history says. */
import type { Delivery } from './droplet.ts'
import { secretOf, type Order } from './load.ts'

/** A task as GET /orchestrator/tasks/{id} shows it, as much as is looked at. */
export interface Remembered {
  id: string
  status: string
  error_message: string | null
  meta: { number: number }
  attempts: { attempt: number }[]
}

const INTERRUPTED = 'interrupted by a restart'

/**
 * What is wrong, in words; empty when nothing is. `mayOverlap`: of a request whose node may have
 * stood still for longer than its lease. That it goes on beside those of its successor, and is not
 * recorded, is what the documentation says.
 */
export function audit(
  orders: readonly Order[],
  deliveries: readonly Delivery[],
  tasks: readonly Remembered[],
  mayOverlap: (delivery: Delivery) => boolean = () => false,
): string[] {
  const byTask = Map.groupBy(deliveries, ({ taskId }) => taskId)
  const excused = new Set(deliveries.filter(mayOverlap).map(({ taskId }) => taskId))
  const byOrder = Map.groupBy(tasks, ({ meta }) => meta.number)
  const known = new Set(tasks.map(({ id }) => id))
  return [
    ...orders.flatMap((order) => orderFaults(order, byOrder.get(order.number) ?? [], byTask)),
    ...tasks.filter(({ id }) => !excused.has(id)).flatMap((task) => unrecorded(task, byTask)),
    ...[...byTask].flatMap(([id, sent]) => [
      ...(known.has(id) ? [] : [`${id}: sent, but not in the history`]),
      ...(excused.has(id) ? [] : deliveryFaults(id, sent)),
    ]),
  ]
}

function orderFaults(
  order: Order,
  tasks: readonly Remembered[],
  byTask: ReadonlyMap<string, readonly Delivery[]>,
): string[] {
  const faults: string[] = []
  const wrong = (text: string) => faults.push(`order ${order.number} (${order.mode}): ${text}`)
  const [task] = tasks
  for (const id of order.ids) if (!tasks.some((each) => each.id === id)) wrong(`${id} is lost`)
  if (tasks.length > 1) wrong(`ran as ${tasks.length} tasks`)
  const isUntold = order.told === 'nothing' || order.told === 'refused'
  if (order.key && isUntold) wrong('was never answered, though sent again')
  if (!task) return isUntold ? faults : [...faults, ...noTask(order)]
  const sent = byTask.get(task.id) ?? []
  const successes = sent.filter(({ status }) => status === 200).length
  const happened = `${task.status}, ${sent.length} requests, ${successes} successes`
  if (task.attempts.some(({ attempt }, index) => attempt !== index + 1)) wrong('miscounts')
  const secret = secretOf(order.number)
  if (sent.some(({ authorization }) => authorization !== secret)) wrong('lost its secret header')
  if (order.mode === 'async') {
    // What is on disk is delivered, whether its caller was told or not.
    if (task.status !== 'success' || successes < 1) wrong(`was not delivered: ${happened}`)
    return faults
  }
  if (order.told === 'success' && task.status !== 'success') wrong(`is recorded as ${happened}`)
  if (order.told === 'refused' && !order.key && sent.length > 0) wrong('was refused, and sent')
  if (order.told === 'failure') wrong(`failed: ${happened}`)
  if (task.status === 'success') {
    // The caller sent a task with a key again; the first request may have been delivered too.
    if (order.key ? successes < 1 : successes !== 1) wrong(`was not sent once: ${happened}`)
  } else if (task.error_message !== INTERRUPTED) {
    wrong(`ended as ${task.status}: ${task.error_message}`)
  }
  // Its droplet asks for one retry at most.
  if (!order.key && sent.length > 2) wrong(`was sent more often than it was tried: ${happened}`)
  const rounds = new Set(sent.map(({ round }) => round))
  if (!order.key && rounds.size > 1) wrong('was sent again after a restart')
  return faults
}

function unrecorded(
  { id, attempts }: Remembered,
  byTask: ReadonlyMap<string, readonly Delivery[]>,
): string[] {
  const sent = byTask.get(id)?.length ?? 0
  return attempts.length < sent ? [`${id}: ${attempts.length} attempts, ${sent} were sent`] : []
}

function noTask(order: Order): string[] {
  return [`order ${order.number} (${order.mode}): told ${order.told}, but not in the history`]
}

/** Attempts count up and never overlap, restarts or not. */
function deliveryFaults(id: string, sent: readonly Delivery[]): string[] {
  const faults: string[] = []
  for (const [index, delivery] of sent.entries()) {
    const before = sent[index - 1]
    if (delivery.until === null) faults.push(`${id}: attempt ${delivery.attempt} never ended`)
    if (!before) continue
    const pair = `${id}: attempt ${delivery.attempt} after ${before.attempt}`
    if (delivery.attempt <= before.attempt) faults.push(`${pair}: does not count up`)
    if (before.until === null || before.until > delivery.from) faults.push(`${pair}: overlaps it`)
  }
  return faults
}
