import type { PostgresState } from '../../store/postgres/inspect.ts'
import { counted } from '../terminal/texts.ts'
import type { Check } from './check.ts'
import { ok, warning, type Finding } from './finding.ts'
import { withTables } from './with-tables.ts'

export const PARTITIONS: Check = {
  name: 'partitions',
  group: 'postgres',
  isOfPostgres: true,
  run: (world) => withTables(world, ({ tables }) => [lookAtPartitions(tables)]),
}

/** A node looks after them every few seconds, unless it cannot. */
const SETTLED_MS = 5 * 60_000

/** Those of the next days, which nodes make ahead. */
export function lookAtPartitions(tables: PostgresState['tables']): Finding {
  if (!tables) return ok('there are none without our tables')
  const { days, nodes } = tables
  if (days >= 2) return ok(`there are those of today and of ${counted(days - 1, 'day')} more`)
  const isSettled = nodes.some(({ startedAgoMs }) => startedAgoMs > SETTLED_MS)
  if (!isSettled) return ok('those of the next days are made when a node has started')
  const found = days === 0 ? 'there is none of today' : 'there is none of tomorrow'
  const advice = 'nodes make them ahead, and cannot: see their logs for what Postgres says'
  return warning(`${found}, though a node runs: it is made when a task wants it`, advice)
}
