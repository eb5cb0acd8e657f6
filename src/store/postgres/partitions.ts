/** One partition a day of `payload` and of `history`: made ahead, or when an id wants it. */
import type { PostgresQuery, PostgresRow } from '../../platform/postgres.ts'
import { dayOf, firstIdOf, nameOf } from './days.ts'
import { SCHEMA_LOCK } from './migrate.ts'
import type { Pool } from './pool.ts'

const PARENTS = ['payload', 'history'] as const

const LOCK_SQL = `select pg_advisory_xact_lock(${SCHEMA_LOCK})`
/** Days by the bounds: rows go by those. Somebody may have taken away one of the two by hand. */
const PARTS_SQL = `select p.relname as parent, orchestrator.day_of(
    substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM [(]''([-0-9a-f]+)''')::uuid) as day
  from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
  where i.inhparent in ('orchestrator.payload'::regclass, 'orchestrator.history'::regclass)`

export class Partitions {
  /** Days that have partitions, as far as this process knows: another may have dropped some. */
  #known: ReadonlySet<number> = new Set()

  constructor(private readonly pool: Pick<Pool, 'query' | 'transaction'>) {}

  /** The whole ones, as the database has them now, the oldest first. */
  async days(): Promise<number[]> {
    const parts = await partsOf((text) => this.pool.query(text))
    const whole = [...parts].filter(([, parents]) => parents.size === PARENTS.length)
    const days = whole.map(([day]) => day).sort((a, b) => a - b)
    this.#known = new Set(days)
    return days
  }

  /** Infinity: none is known. */
  get oldest(): number {
    return Math.min(...this.#known)
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
      const present = await partsOf(query)
      for (const day of missing.sort((a, b) => a - b)) {
        for (const parent of PARENTS) {
          if (!present.get(day)?.has(parent)) await make(query, parent, day)
        }
      }
    })
    this.#known = new Set([...this.#known, ...missing])
  }

  /** For when a row has found no partition: which there are is asked again. */
  forget(): void {
    this.#known = new Set()
  }
}

/** Which parents have a part for it, by the day. */
async function partsOf(query: PostgresQuery): Promise<ReadonlyMap<number, ReadonlySet<unknown>>> {
  const byDay = Map.groupBy(await query(PARTS_SQL), ({ day }) => day as number)
  const parentsOf = (rows: readonly PostgresRow[]) => new Set(rows.map(({ parent }) => parent))
  return new Map([...byDay].map(([day, rows]) => [day, parentsOf(rows)]))
}

async function make(query: PostgresQuery, parent: string, day: number): Promise<void> {
  const name = `orchestrator.${parent}_${nameOf(day)}`
  // `create … partition of` would wait for every reader, and make the next ones wait.
  await query(`create table ${name} (like orchestrator.${parent} including all)`)
  await query(`alter table orchestrator.${parent} attach partition ${name}
    for values from ('${firstIdOf(day)}') to ('${firstIdOf(day + 1)}')`)
}
