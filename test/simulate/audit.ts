/** The history as a whole against the books. */
import type { TaskMetrics } from '../../src/telemetry/task-metrics.ts'
import type { TaskService } from '../../src/tasks/task-service.ts'
import type { Retention, SqliteHistory } from '../../src/store/sqlite/history.ts'
import type { TaskSummary } from '../../src/task.ts'
import { isOver, type Known } from './known.ts'
import type { Ledger } from './ledger.ts'
import type { World } from './world.ts'

export interface Counters {
  metrics: TaskMetrics
  service: TaskService
  retries: number
}

export class Audit {
  /** The latest that the wall clock ever was. */
  #latestWall = 0

  constructor(
    private readonly world: World,
    private readonly ledger: Ledger,
    private readonly history: SqliteHistory,
    private readonly retention: Retention,
  ) {}

  /** Call it before the clock is set back. */
  clock(): void {
    this.#latestWall = Math.max(this.#latestWall, this.world.wall)
  }

  /** Every task is there as it should be, or was forgotten as it may be. */
  compare(): void {
    const { world } = this
    this.clock()
    const rows = this.#everything()
    const ended = [...this.ledger.tasks.values()].filter((task) => task.lastEndAt !== null)
    for (const task of this.ledger.tasks.values()) {
      if (!task.row) continue
      const row = rows.get(task.id)
      if (!row) this.#forgotten(task, ended)
      else if (row.status !== task.row.status) {
        world.violate(`on disk it is ${row.status}, and not ${task.row.status}`, task.id)
      }
      rows.delete(task.id)
    }
    for (const id of rows.keys()) world.violate('it is on disk, and nobody knows it', id)
  }

  /** The service's own numbers, at a moment when nothing is under way to the disk. */
  counters({ metrics, service, retries }: Counters): void {
    const { world, ledger } = this
    for (const [status, count] of Object.entries(ledger.ended)) {
      const counted = metrics.ended[status as keyof typeof metrics.ended]
      if (counted !== count) world.violate(`metrics count ${counted} ${status}, not ${count}`)
    }
    if (metrics.retries !== retries) {
      world.violate(`metrics count ${metrics.retries} retries, not ${retries}`)
    }
    let running = 0
    let queued = 0
    for (const { row } of ledger.unfinished) {
      if (row?.status === 'running') running++
      else if (row?.status === 'queued') queued++
    }
    if (service.running !== running || service.queued !== queued) {
      const told = `${service.running} running and ${service.queued} queued`
      world.violate(`the service tells of ${told}, not of ${running} and ${queued}`)
    }
  }

  #everything(): Map<string, TaskSummary> {
    const rows = new Map<string, TaskSummary>()
    let cursor: string | undefined
    for (;;) {
      const query = { limit: 1000, ...(cursor === undefined ? {} : { cursor }) }
      const { tasks, total, nextCursor } = this.history.list(query)
      for (const row of tasks) rows.set(row.id, row)
      if (nextCursor !== null) cursor = nextCursor
      else {
        this.world.expect(total === rows.size, `the list counts ${total} of ${rows.size} tasks`)
        return rows
      }
    }
  }

  #forgotten(task: Known, ended: readonly Known[]): void {
    const { world, ledger, retention } = this
    if (!isOver(task)) return world.violate('an accepted task is missing', task.id)
    const at = task.row!.completed_at as number
    const newer = ended.filter((other) => other !== task && other.lastEndAt! >= at)
    const expired = at < this.#latestWall - retention.ttlMs
    if (!expired && newer.length < retention.maxFinished) {
      world.violate(`it was forgotten, with ${newer.length} newer ones`, task.id)
    }
    ledger.forget(task)
  }
}
