/** Lists of tasks, newest first, each with the number of all matches where that is asked for. */
import type { PostgresRow } from '../../platform/postgres.ts'
import type { TaskPage, TaskQuery } from '../store.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { countStatement, pageStatement, type Statement } from './list-sql.ts'
import type { Pool } from './pool.ts'
import { summaryOf } from '../task-row.ts'
import { numberOf, taskRowOf } from './rows.ts'

export class Lists {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** `max`: how many statements run at once. */
  constructor(
    private readonly pool: Pool,
    private readonly max: number,
  ) {}

  /** As `SharedDatabase.list`. */
  async list(query: TaskQuery): Promise<TaskPage | null> {
    const before = query.cursor === undefined ? null : readCursor(query.cursor)
    if (query.cursor !== undefined && before === null) return null
    const [rows, counted] = await Promise.all([
      // One more than the page holds tells whether there is another page.
      this.#ask(pageStatement(query, before, query.limit + 1)),
      query.counted === false ? null : this.#ask(countStatement(query)),
    ])
    const tasks = rows.slice(0, query.limit).map((row) => summaryOf(taskRowOf(row)))
    return {
      tasks,
      total: counted && numberOf(counted[0]!.total),
      nextCursor: rows.length > query.limit ? writeCursor(tasks.at(-1)!.id) : null,
    }
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
