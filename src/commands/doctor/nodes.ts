import type { VariableName } from '../../config/variables.ts'
import type { PostgresState } from '../../store/postgres/inspect.ts'
import type { InspectedNode, Tables } from '../../store/postgres/inspect-tables.ts'
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

type Task = Pick<DoctorWorld['config']['task'], 'leaseMs' | 'maxHistory' | 'historyTtlMs'>

/** As between this machine and the Registry. */
const TOLERANCE_MS = 5000

/** Those that are alive: whether they agree, and take over what others have left. */
export function lookAtNodes(
  { task }: { readonly task: Task },
  { tables }: Pick<PostgresState, 'tables'>,
): Finding[] {
  if (!tables) return [ok('none has been here yet')]
  const { nodes, orphans } = tables
  if (nodes.length === 0) return [ok(`none runs${waiting(orphans)}`)]
  const findings = [
    ...orphanFindings(tables),
    ...nameFindings(nodes),
    ...SETTINGS.flatMap((setting) => settingFindings(setting, nodes, task)),
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
function nameFindings(nodes: readonly InspectedNode[]): Finding[] {
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

/** One that all nodes should have the same value of. */
interface SharedSetting {
  readonly name: VariableName
  readonly own: (task: Task) => number
  /** null: the node does not tell. */
  readonly of: (node: InspectedNode) => number | null
  readonly text: (value: number) => string
  readonly otherwise: string
}

const secondsText = (ms: number) => `${ms / 1000} s`

const SETTINGS: readonly SharedSetting[] = [
  {
    name: 'TASK_LEASE',
    own: ({ leaseMs }) => leaseMs,
    of: ({ leaseMs }) => Math.round(leaseMs),
    text: secondsText,
    otherwise: 'some take over sooner than others expect',
  },
  {
    name: 'TASK_MAX_HISTORY',
    own: ({ maxHistory }) => maxHistory,
    of: ({ maxHistory }) => maxHistory,
    text: String,
    otherwise: 'the smallest counts for all',
  },
  {
    name: 'TASK_HISTORY_TTL',
    own: ({ historyTtlMs }) => historyTtlMs,
    of: ({ historyTtlMs }) => historyTtlMs,
    text: (ms) => (ms === 0 ? '0 (no limit)' : secondsText(ms)),
    otherwise: 'the shortest counts for all',
  },
]

function settingFindings(
  { name, own, of, text, otherwise }: SharedSetting,
  nodes: readonly InspectedNode[],
  task: Task,
): Finding[] {
  const theirs = nodes.flatMap((node) => {
    const value = of(node)
    return value === null || value === own(task) ? [] : [`${node.name} ${text(value)}`]
  })
  if (theirs.length === 0) return []
  const found = `${name} is ${text(own(task))} here, and that of ${theirs.join(', ')}`
  return [warning(found, `set the same for all: else ${otherwise}`)]
}

/** No wait explains a clock that is ahead; of one that is behind, the doctor of its machine tells. */
function clockFindings(nodes: readonly InspectedNode[]): Finding[] {
  return nodes.flatMap(({ name, aheadMs }) => {
    if (aheadMs === null || aheadMs <= TOLERANCE_MS) return []
    const found = `the clock of ${name} is ${durationText(aheadMs)} ahead of Postgres's`
    return [warning(found, 'let it be set by the network: timedatectl set-ntp true')]
  })
}
