/** What the mesh sees of the service: every request is checked as it arrives. */
import type { FetchInit } from '../../src/ports.ts'
import { isOpen } from './arrows.ts'
import type { SimDroplet } from './droplets.ts'
import { failuresOf, modeOf, statusOf, type Ending, type Known, type Sent } from './known.ts'
import type { Ledger } from './ledger.ts'
import { abortReasons, isRetryable, timeLimit } from './outcomes.ts'
import type { Process } from './process.ts'
import { LATEST_TIMER_MS } from './sim-clock.ts'
import type { World } from './world.ts'

/** The wall clock counts in whole ms. */
const ROUNDING_MS = 1.5

export class Deliveries {
  readonly open = new Set<Sent>()
  /** Retries that ended in this process. */
  retries = 0

  constructor(
    private readonly world: World,
    private readonly ledger: Ledger,
  ) {}

  begin(): void {
    this.retries = 0
  }

  sent(process: Process, droplet: SimDroplet, url: string, init: FetchInit): Sent | null {
    const { world } = this
    const id = init.headers['x-task-id']!
    const attempt = Number(init.headers['x-attempt'])
    world.note(`sends attempt ${attempt} to ${url}`, id)
    world.count('requests')
    const task = this.ledger.tasks.get(id)
    if (!task?.row) {
      world.violate('it is sent, but is not on disk', id)
      return null
    }
    const fault = this.#requestFault(task, url, init, attempt) ?? this.#timeFault(task)
    if (fault) world.violate(fault, id)
    const at = world.now
    const sent: Sent = {
      task,
      attempt,
      droplet,
      process: process.number,
      at,
      end: null,
      endedAt: 0,
    }
    task.sent.push(sent)
    this.open.add(sent)
    const atOnce = [...this.open].filter((each) => modeOf(each.task) === 'async').length
    if (atOnce > process.concurrency) world.violate(`${atOnce} are in flight at once`, id)
    return sent
  }

  ended(process: Process, sent: Sent, ending: Ending): void {
    const { world } = this
    const { task } = sent
    sent.end = ending
    sent.endedAt = world.now
    this.open.delete(sent)
    const what = ending.kind === 'answered' ? `answered ${ending.status}` : ending.kind
    world.note(`attempt ${sent.attempt} is ${what}`, task.id)
    world.count(`requests ${what}`)
    if (ending.kind === 'crash') return
    if (sent.attempt > 1) this.retries++
    if (ending.kind === 'aborted' && abortReasons(sent, process, world.now).length === 0) {
      world.violate('its request was called off for no reason', task.id)
    }
  }

  /** Nothing waits longer for its droplet than it may. */
  watch(): void {
    for (const sent of this.open) {
      if (this.world.now > timeLimit(sent).latest + LATEST_TIMER_MS) {
        this.world.violate(`attempt ${sent.attempt} goes on after its time`, sent.task.id)
      }
    }
  }

  #requestFault(task: Known, url: string, init: FetchInit, attempt: number): string | null {
    const row = task.row!
    const recorded = task.attempts.at(-1)
    const last = task.sent.at(-1)
    if (statusOf(task) !== 'running') return `it is sent, and on disk it is ${row.status}`
    if (recorded?.attempt !== attempt || !isOpen(recorded)) {
      return `attempt ${attempt} is sent, but on disk there is ${JSON.stringify(recorded)}`
    }
    if (last && last.end === null) return `attempt ${attempt} overlaps attempt ${last.attempt}`
    if (last && last.attempt >= attempt) return `attempt ${attempt} comes after ${last.attempt}`
    if (row.target_url !== url) return `it goes to ${url}, and not to ${row.target_url}`
    if (init.headers['idempotency-key'] !== task.id) return 'it has another Idempotency-Key'
    if ((init.body ?? null) !== row.payload) return `its payload is ${init.body}`
    const failures = failuresOf(task.attempts)
    if (failures > (row.max_retries as number)) return `it is sent after ${failures} failures`
    const before = task.attempts.at(-2)
    const over = before && !before.interrupted && last && !isRetryable(last.end)
    return over ? 'it is sent again, although it was answered for good' : null
  }

  #timeFault({ row, born, notBefore }: Known): string | null {
    const { now } = this.world
    if (now < notBefore - ROUNDING_MS) return `it is sent ${notBefore - now} ms too early`
    const deadline = row!.deadline_ms as number | null
    if (deadline === null || born === null) return null
    const late = now - (born.latest + deadline)
    return late > ROUNDING_MS ? `it is sent ${late} ms after its deadline` : null
  }
}
