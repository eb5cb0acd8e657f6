/** Whole tasks, by id or by Idempotency-Key. */
import type { PostgresRow } from '../../platform/postgres.ts'
import type { Task } from '../../task.ts'
import type { Clock } from '../../ports.ts'
import { isTaskId } from './days.ts'
import { canHold } from './faults.ts'
import type { Pool } from './pool.ts'
import { ASKED, DUE, END, HEAD, LIMITS, namesOf, STATE } from './columns.ts'
import { taskOf, withSecrets } from '../task-row.ts'
import { taskRowOf } from './rows.ts'
import { inSpan, spanOf } from './spans.ts'

const BOTH = namesOf(HEAD, STATE).join(', ')
const OF_PAYLOAD = namesOf(LIMITS, ASKED)
  .map((name) => `p.${name}`)
  .join(', ')
const [DUE_AT, COMPLETED_AT, DURATION_MS] = namesOf([DUE], END)

/**
 * Each id is looked for by itself, in the partition of its day: the plan for many at once looks
 * into all days of the span. One takes 0.3 ms, 64 take 1.4.
 */
const tasksSql = (isInSpan: string) => `select w.id, s.*, x.headers as secrets, ${OF_PAYLOAD}
  from unnest($1::uuid[]) as w (id)
  cross join lateral (select * from orchestrator.payload p
    where p.id = w.id and ${isInSpan} limit 1) p
  cross join lateral (select ${BOTH}, ${DUE_AT}, null::int8 as ${COMPLETED_AT},
      null::int8 as ${DURATION_MS} from orchestrator.live l where l.id = w.id
    union all select ${BOTH}, null, ${COMPLETED_AT}, ${DURATION_MS}
      from orchestrator.history h where h.id = w.id and ${isInSpan} limit 1) s
  left join orchestrator.secrets x on x.id = any(array[w.id])`

/**
 * Only their ids: mostly there is none. With its task, a key took 2 ms, for that was planned anew
 * each time.
 */
const KEYS_SQL = 'select key, id from orchestrator.keys where key = any($1::text[])'

/** Of a task that is gone with its day: nobody else could use the key any more. */
const forgetKeySql = (
  isInSpan: string,
) => `delete from orchestrator.keys where key = $1 and id = $2::uuid
  and not exists (select from orchestrator.payload p where p.id = $2::uuid and ${isInSpan})`

export class Finder {
  readonly #tasks: Batches<Task>
  readonly #idsOfKeys: Batches<string>

  constructor(
    private readonly pool: Pool,
    clock: Clock,
  ) {
    const read = (sql: string, wanted: readonly string[]) => pool.read(sql, [wanted])
    this.#tasks = new Batches(clock, async (ids) => {
      const bySpan = Map.groupBy(ids, (id) => inSpan(spanOf(id)))
      const found = await Promise.all(
        [...bySpan].map(([isInSpan, some]) => read(tasksSql(isInSpan), some)),
      )
      const rows = found.flat()
      return new Map(rows.map((row) => [row.id as string, taskIn(row)]))
    })
    this.#idsOfKeys = new Batches(clock, async (keys) => {
      const rows = await read(KEYS_SQL, keys)
      return new Map(rows.map((row) => [row.key as string, row.id as string]))
    })
  }

  /** As `SharedDatabase.find`. */
  async find(id: string): Promise<Task | null> {
    return isTaskId(id) ? this.#tasks.find(id) : null
  }

  /** As `SharedDatabase.findByKey`. */
  async findByKey(key: string): Promise<Task | null> {
    const id = canHold(key) ? await this.#idsOfKeys.find(key) : null
    if (id === null) return null
    const task = await this.find(id)
    if (!task) await this.pool.query(forgetKeySql(inSpan(spanOf(id))), [key, id])
    return task
  }
}

function taskIn(row: PostgresRow): Task {
  const values = row.secrets === null ? null : JSON.parse(row.secrets as string)
  return withSecrets(taskOf(taskRowOf(row)), values)
}

/** What is asked for in one turn of the event loop is one statement: many queue slots ask at once. */
class Batches<T> {
  #next: { readonly wanted: Set<string>; readonly found: Promise<Map<string, T>> } | null = null

  constructor(
    private readonly clock: Clock,
    private readonly read: (wanted: string[]) => Promise<Map<string, T>>,
  ) {}

  async find(wanted: string): Promise<T | null> {
    this.#next ??= this.#begin()
    this.#next.wanted.add(wanted)
    return (await this.#next.found).get(wanted) ?? null
  }

  #begin() {
    const wanted = new Set<string>()
    const found = new Promise<void>((resolve) => this.clock.soon(resolve)).then(() => {
      this.#next = null
      return this.read([...wanted])
    })
    return { wanted, found }
  }
}
