import type { PostgresState } from '../../store/postgres/inspect.ts'
import type { SeenNode, Tables } from '../../store/postgres/inspect-tables.ts'
import { counted, durationText } from '../terminal/texts.ts'
import type { Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import { withTables } from './with-tables.ts'
import type { DoctorWorld } from './world.ts'

export const NODES: Check = {
  name: 'nodes',
  group: 'postgres',
  isOfPostgres: true,
  run: (world) => withTables(world, (state) => lookAtNodes(world.config, state)),
}

/** As between this machine and the Registry. */
const TOLERANCE_MS = 5000

/** Those that are alive: whether they agree, and take over what others have left. */
export function lookAtNodes(
  { task }: Pick<DoctorWorld['config'], 'task'>,
  { tables }: Pick<PostgresState, 'tables'>,
): Finding[] {
  if (!tables) return [ok('none has been here yet')]
  const { nodes, orphans } = tables
  if (nodes.length === 0) return [ok(`none runs${waiting(orphans)}`)]
  const findings = [
    ...orphanFindings(tables),
    ...nameFindings(nodes),
    ...leaseFindings(nodes, task.leaseMs),
    ...clockFindings(nodes),
  ]
  const names = nodes.map(({ name, version }) => `${name} (${version})`).join(', ')
  return [...findings, ok(`${counted(nodes.length, 'node')}: ${names}`)]
}

const waiting = (orphans: number) =>
  orphans > 0 ? `: ${counted(orphans, 'unfinished task')} of nodes that are gone wait for one` : ''

/** Nobody takes over before it has been there for a lease itself. */
function orphanFindings({ nodes, orphans }: Tables): Finding[] {
  if (orphans === 0 || !nodes.some((node) => node.startedAgoMs > 3 * node.leaseMs)) return []
  const found = `${counted(orphans, 'task')} of nodes that are gone, and nobody has taken them over`
  return [failure(found, 'see the logs of those that run: what do they say of Postgres?')]
}

/** Both have been heard of since the later one came: a restart leaves one behind that was not. */
function nameFindings(nodes: readonly SeenNode[]): Finding[] {
  const twice = nodes.filter((node) =>
    nodes.some(
      (other) =>
        other !== node &&
        other.name === node.name &&
        other.startedAgoMs >= node.startedAgoMs &&
        other.seenAgoMs < node.startedAgoMs,
    ),
  )
  const names = [...new Set(twice.map(({ name }) => name))]
  return names.map((name) =>
    warning(
      `several nodes are called ${name}: their metrics cannot be told apart`,
      'give each a NODE_NAME of its own',
    ),
  )
}

function leaseFindings(nodes: readonly SeenNode[], ownMs: number): Finding[] {
  const others = nodes.filter(({ leaseMs }) => Math.round(leaseMs) !== ownMs)
  if (others.length === 0) return []
  const theirs = others.map(({ name, leaseMs }) => `${name} ${Math.round(leaseMs) / 1000} s`)
  const found = `TASK_LEASE is ${ownMs / 1000} s here, and that of ${theirs.join(', ')}`
  return [warning(found, 'set the same for all: else some take over sooner than others expect')]
}

function clockFindings(nodes: readonly SeenNode[]): Finding[] {
  return nodes.flatMap(({ name, aheadMs }) => {
    if (aheadMs === null || Math.abs(aheadMs) <= TOLERANCE_MS) return []
    const found = `the clock of ${name} is ${durationText(Math.abs(aheadMs))}`
    const advice = 'let it be set by the network: timedatectl set-ntp true'
    return [warning(`${found} ${aheadMs > 0 ? 'ahead of' : 'behind'} Postgres's`, advice)]
  })
}
