/** One partition a day of `payload` and of `history`: made ahead, or when an id wants it. */
import type { PostgresQuery } from '../../platform/postgres.ts'
import { dayOf, firstIdOf, nameOf } from './days.ts'
import { SCHEMA_LOCK } from './migrate.ts'
import type { Pool } from './pool.ts'

const PARENTS = ['payload', 'history'] as const

const LOCK_SQL = `select pg_advisory_xact_lock(${SCHEMA_LOCK})`
/** By their bounds: names are for people. */
const DAYS_SQL = `select orchestrator.day_of(
    substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''([-0-9a-f]+)''')::uuid) as day
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'orchestrator.history'::regclass order by day`

export class Partitions {
  /** Days that have partitions, as far as this process knows: another may have dropped some. */
  #known: ReadonlySet<number> = new Set()

  constructor(private readonly pool: Pick<Pool, 'query' | 'transaction'>) {}

  /** As the database has them now, the oldest first. */
  async days(): Promise<number[]> {
    const rows = await this.pool.query(DAYS_SQL)
    const days = rows.map(({ day }) => day as number)
    this.#known = new Set(days)
    return days
  }

  /** Sees to it that there are partitions for these ids. */
  async ensureFor(ids: readonly string[]): Promise<void> {
    if (ids.every((id) => this.#known.has(dayOf(id)))) return
    await this.ensure(new Set(ids.map(dayOf)))
  }

  async ensure(wanted: Iterable<number>): Promise<void> {
    const missing = [...wanted].filter((day) => !this.#known.has(day))
    if (missing.length === 0) return
    await this.pool.transaction(async (query) => {
      await query(LOCK_SQL)
      const present = new Set((await query(DAYS_SQL)).map(({ day }) => day as number))
      for (const day of missing.sort((a, b) => a - b)) if (!present.has(day)) await make(query, day)
    })
    this.#known = new Set([...this.#known, ...missing])
  }

  /** For when a row has found no partition: which there are is asked again. */
  forget(): void {
    this.#known = new Set()
  }
}

async function make(query: PostgresQuery, day: number): Promise<void> {
  for (const parent of PARENTS) {
    const name = `orchestrator.${parent}_${nameOf(day)}`
    // `create … partition of` would wait for every reader, and make the next ones wait.
    await query(`create table ${name} (like orchestrator.${parent} including all)`)
    await query(`alter table orchestrator.${parent} attach partition ${name}
      for values from ('${firstIdOf(day)}') to ('${firstIdOf(day + 1)}')`)
  }
}
