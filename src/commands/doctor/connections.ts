import { isPooled } from '../../config/postgres-url.ts'
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
  run: (world) =>
    withTables(world, (state) => [
      isPooled(world.config.task.db) ? lookAtPooled(state) : lookAtConnections(state),
    ]),
}

/** Of those that there may be, what a pooler should not need. */
const SPARE_PART = 0.1

type State = Pick<PostgresState, 'connections' | 'tables'>

/** Whether there are enough for the nodes that are seen, and for one more. */
function lookAtConnections({ connections: { max, used }, tables }: State): Finding {
  const nodes = nodesOf(tables)
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

/** Those of the nodes end at the pooler: how many it makes here is its own setting. */
function lookAtPooled({ connections: { max, used }, tables }: State): Finding {
  const found = `${used} of ${max} connections are in use`
  const advice = 'raise max_connections, or let the pooler make fewer (default_pool_size)'
  if (max - used < max * SPARE_PART) return warning(`${found}: few are left`, advice)
  return ok(`${found}; those of ${counted(nodesOf(tables), 'node')} end at a pooler`)
}

const nodesOf = (tables: State['tables']) => Math.max(1, tables?.nodes.length ?? 0)
