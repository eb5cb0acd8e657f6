/** Lists of tasks, newest first, each with the number of all matches where that is asked for. */
import type { PostgresRow } from '../../platform/postgres.ts'
import type { TaskFilter, TaskPage, TaskQuery } from '../store.ts'
import { readCursor, writeCursor } from './cursor.ts'
import {
  asksHistory,
  countsSingly,
  countStatement,
  pageStatement,
  type Page,
  type Statement,
} from './list-sql.ts'
import type { Pool } from './pool.ts'
import { summaryOf } from '../task-row.ts'
import { numberOf, taskRowOf } from './rows.ts'
import { ALL, type Span } from './spans.ts'

export class Lists {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** `max`: how many statements run at once. `spans`: all ids, the newest first. */
  constructor(
    private readonly pool: Pool,
    private readonly max: number,
    private readonly spans: () => Iterable<Span>,
  ) {}

  /** As `SharedDatabase.list`. */
  async list(query: TaskQuery): Promise<TaskPage | null> {
    const before = query.cursor === undefined ? null : readCursor(query.cursor)
    if (query.cursor !== undefined && before === null) return null
    const [rows, total] = await Promise.all([
      // One more than the page holds tells whether there is another page.
      this.#page(query, { before, limit: query.limit + 1 }),
      query.counted === false ? null : this.#count(query),
    ])
    const tasks = rows.slice(0, query.limit).map((row) => summaryOf(taskRowOf(row)))
    return {
      tasks,
      total,
      nextCursor: rows.length > query.limit ? writeCursor(tasks.at(-1)!.id) : null,
    }
  }

  /**
   * Each statement has all that its span may have, as it is at that moment: what is unfinished of
   * older days is asked for again with them, for it may have ended meanwhile.
   */
  async #page(filter: TaskFilter, page: Page): Promise<PostgresRow[]> {
    const rows = new Map<string, PostgresRow>()
    for (const span of asksHistory(filter) ? this.spans() : [ALL]) {
      if (page.before !== null && span.from !== null && page.before <= span.from) continue
      const found = await this.#ask(pageStatement(filter, page, span))
      for (const row of found) rows.set(row.id as string, row)
      // What comes with the next span is older than `from`.
      const { length } = [...rows.keys()].filter((id) => span.from === null || id >= span.from)
      if (length >= page.limit) break
    }
    const newestFirst = [...rows.values()].sort((a, b) => (a.id! < b.id! ? 1 : -1))
    return newestFirst.slice(0, page.limit)
  }

  /** One that ends in between may be counted twice. */
  async #count(filter: TaskFilter): Promise<number> {
    let total = 0
    for (const span of countsSingly(filter) ? this.spans() : [ALL]) {
      const [row] = await this.#ask(countStatement(filter, span))
      total += numberOf(row!.total)
    }
    return total
  }

  async #ask({ text, values }: Statement): Promise<PostgresRow[]> {
    if (this.#running === this.max) await new Promise<void>((go) => this.#waiting.push(go))
    else this.#running++
    try {
      return await this.pool.read(text, values)
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
