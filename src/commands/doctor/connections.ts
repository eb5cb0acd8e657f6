import { MAX_CONNECTIONS } from '../../store/postgres/database.ts'
import type { PostgresState } from '../../store/postgres/inspect.ts'
import { counted } from '../terminal/texts.ts'
import type { Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import { withTables } from './with-tables.ts'

export const CONNECTIONS: Check = {
  name: 'connections',
  group: 'postgres',
  isOfPostgres: true,
  run: (world) => withTables(world, (state) => [lookAtConnections(state)]),
}

/** Whether there are enough for the nodes that are seen, and for one more. */
export function lookAtConnections({
  connections: { max, used },
  tables,
}: Pick<PostgresState, 'connections' | 'tables'>): Finding {
  const nodes = Math.max(1, tables?.nodes.length ?? 0)
  const wanted = nodes * MAX_CONNECTIONS
  const found = `${used} of ${max} connections are in use`
  const share = `${counted(nodes, 'node')} may take ${wanted}`
  const advice = 'raise max_connections, or put PgBouncer before it (?prepare=false)'
  if (max < wanted) return failure(`${found}; ${share}`, advice)
  if (max - used < MAX_CONNECTIONS) {
    return warning(`${found}: no room for one more node, which may take ${MAX_CONNECTIONS}`, advice)
  }
  return ok(`${found}; ${share}`)
}
