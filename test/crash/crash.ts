/** Load, SIGKILL, restart on the same database, several times; then the audit. */
import { readdirSync, readFileSync } from 'node:fs'
import { serviceHome, type Service, type ServiceHome } from '../support/binary-service.ts'
import { eventually } from '../support/eventually.ts'
import { audit, type Remembered } from './audit.ts'
import { crashDroplet } from './droplet.ts'
import { loadUntilKilled, newOrder, send, type Order } from './load.ts'
import { randomFrom } from './random.ts'

/** When the service is killed, ms after it was healthy: mostly in the middle of the load. */
const MIN_MS = 20
const USUAL_MS = 250
/** Sometimes later, because then the retries that wait for a second are under way. */
const MAX_MS = 1300
/** Orders that are answered before it is killed. A busy machine may need longer for them. */
const LEAST_ANSWERS = 10

export interface CrashReport {
  faults: string[]
  rounds: number
  orders: number
  /** By what the callers were told, and by what became of the tasks. */
  counts: Record<string, number>
}

export async function crash(
  rounds: number,
  seed: number,
  tell: (line: string) => void = () => {},
): Promise<CrashReport> {
  const random = randomFrom(seed)
  await using droplet = crashDroplet()
  using home = serviceHome({ echo: droplet.url })
  const env = { TASK_MAX_HISTORY: '1000000' }
  const orders: Order[] = []

  const answered = () => orders.filter(({ told }) => told !== 'nothing').length

  for (let round = 0; round < rounds; round++) {
    await using service = await home.start(env)
    const runMs = random.whole(MIN_MS, random.chance(0.25) ? MAX_MS : USUAL_MS)
    const enough = answered() + LEAST_ANSWERS
    const unanswered = orders.filter(({ key, told }) => key !== null && told === 'nothing')
    const next = () => {
      // Each order has its own seed, because their number depends on the machine.
      const order = newOrder(orders.length, round, randomFrom(seed * 100_003 + orders.length))
      orders.push(order)
      return order
    }
    const kill = async () => {
      await Bun.sleep(runMs)
      await eventually(`${LEAST_ANSWERS} answers`, () => answered() >= enough)
      service.signal('SIGKILL')
    }
    const killing = kill()
    await loadUntilKilled(service, unanswered, next)
    await killing
    await service.exited
    droplet.nextRound()
    tell(`round ${round + 1}: killed after ${runMs} ms, ${orders.length} orders so far`)
  }

  await using service = await home.start(env)
  for (const order of orders) {
    if (order.key !== null && order.told === 'nothing') await send(service, order)
  }
  await eventually('all is finished', () => allFinished(service))
  await eventually('no secret is left', () => !hasSecrets(home))
  const tasks = await everyTask(service)
  return {
    faults: audit(orders, droplet.deliveries, tasks),
    rounds,
    orders: orders.length,
    counts: countsOf(orders, tasks),
  }
}

/** Whether the database's files still have a secret header of some order. */
function hasSecrets(home: ServiceHome): boolean {
  const files = readdirSync(home.path).filter((name) => name.startsWith('orchestrator.db'))
  return files.some((name) => readFileSync(home.file(name)).includes('secret-of-order-'))
}

export async function allFinished(service: Service): Promise<boolean> {
  for (const status of ['queued', 'running']) {
    const { json } = await service.get(`/orchestrator/tasks?status=${status}&limit=1`)
    if (json.total > 0) return false
  }
  return true
}

export async function everyTask(service: Service): Promise<Remembered[]> {
  const tasks: Remembered[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await service.get(`/orchestrator/tasks?limit=100&cursor=${cursor}`)
    const ids: string[] = page.json.tasks.map(({ id }: { id: string }) => id)
    tasks.push(...(await Promise.all(ids.map((id) => service.task(id)))))
    cursor = page.json.next_cursor
  }
  return tasks
}

export function countsOf(
  orders: readonly Order[],
  tasks: readonly Remembered[],
): Record<string, number> {
  const counts: Record<string, number> = {}
  const count = (name: string) => (counts[name] = (counts[name] ?? 0) + 1)
  for (const { mode, told } of orders) count(`${mode} callers told ${told}`)
  for (const { status, attempts } of tasks) {
    count(`tasks ended in ${status}`)
    if (attempts.length > 1) count('tasks with several attempts')
  }
  return counts
}
