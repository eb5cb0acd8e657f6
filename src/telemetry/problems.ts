/** What is wrong right now, in words: for the page, and for whoever has only one line. */
import type { Droplet } from '../droplets/droplet.ts'
import type { DropletHealth, Failure, Reach } from '../droplets/health.ts'
import type { MeshGate } from '../droplets/mesh-gate.ts'
import { redactUrls } from '../droplets/redact.ts'
import type { Load } from '../delivery/load.ts'
import type { Registry } from '../registry/registry.ts'
import type { SharedWork } from '../store/shared/work.ts'
import type { TaskStore } from '../store/store.ts'

export interface Problem {
  readonly kind: 'store' | 'registry' | 'shutdown' | 'circuit' | 'droplet' | 'queue'
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** The one that it is about. */
  readonly droplet: string | null
}

/** A droplet that is not well. */
export interface Ailing {
  readonly name: string
  readonly circuit: 'closed' | 'open'
  readonly lastFailure: Failure | null
}

export interface ProblemSources {
  store: Pick<TaskStore, 'fault'>
  registry: Pick<Registry, 'cacheStatus' | 'errorDetails' | 'usableForMs'>
  tasks: { readonly draining: boolean }
}

type Backlog = Pick<SharedWork, 'backlog' | 'backlogDueMs'>

/** As many droplets are told of one by one. */
const MAX_DROPLETS = 20
/** A task that is due and has waited for longer is worth a word, ms. */
const LONG_WAIT_MS = 60_000

/**
 * The worst first. `ailing`: those that are listed and may be told of. `shared`: the work that nobody
 * has yet of several nodes; null: there is none, or it may not be told of.
 */
export function problemsOf(
  { store, registry, tasks }: ProblemSources,
  ailing: readonly Ailing[],
  load: Load,
  shared: Backlog | null,
): Problem[] {
  const found = [
    store.fault === null
      ? null
      : problem('store', 'error', `Nothing can be written to disk: ${store.fault}`),
    registryProblem(registry),
    tasks.draining ? problem('shutdown', 'warning', 'The service is shutting down') : null,
    ...ailing.slice(0, MAX_DROPLETS).map(dropletProblem),
    ailing.length > MAX_DROPLETS
      ? problem('droplet', 'warning', `And ${ailing.length - MAX_DROPLETS} more droplets`)
      : null,
    queueProblem(load, shared),
  ].filter((each) => each !== null)
  return [...found.filter(isError), ...found.filter((each) => !isError(each))]
}

/** Those of the droplets that do not answer, or not well: those that are not there first. */
export function ailingOf(
  droplets: readonly Droplet[],
  health: Pick<DropletHealth, 'of'>,
  gate: Pick<MeshGate, 'of'>,
): Ailing[] {
  const ailing: Ailing[] = []
  for (const { name } of droplets) {
    const { circuit } = gate.of(name)
    const { reachable, lastFailure } = health.of(name)
    if (circuit === 'open' || reachable === false) ailing.push({ name, circuit, lastFailure })
  }
  const isOpen = ({ circuit }: Ailing) => circuit === 'open'
  return [...ailing.filter(isOpen), ...ailing.filter((each) => !isOpen(each))]
}

/** In words, with the values of queries left out. */
export function failureText({ status, error }: NonNullable<Reach['lastFailure']>): string {
  if (status !== null) return `HTTP ${status}`
  return error === null ? 'no answer' : redactUrls(error)
}

function problem(
  kind: Problem['kind'],
  severity: Problem['severity'],
  message: string,
  droplet: string | null = null,
): Problem {
  return { kind, severity, message, droplet }
}

const isError = ({ severity }: Problem) => severity === 'error'

function registryProblem(registry: ProblemSources['registry']): Problem | null {
  const status = registry.cacheStatus()
  if (status === 'active') return null
  const { last_error } = registry.errorDetails()
  const why = last_error ?? 'no sync has ended yet'
  if (status === 'unavailable') {
    return problem('registry', 'error', `There is no usable list of droplets: ${why}`)
  }
  const usableForMs = registry.usableForMs()
  const howLong = usableForMs === null ? '' : `, for ${inWords(usableForMs)} more`
  return problem(
    'registry',
    'warning',
    `The list of droplets from before is used${howLong}: ${why}`,
  )
}

function dropletProblem({ name, circuit, lastFailure }: Ailing): Problem {
  const why = lastFailure ? `: ${failureText(lastFailure)}` : ''
  if (circuit === 'open') {
    return problem('circuit', 'error', `${name} is not there, its circuit is open${why}`, name)
  }
  const how = lastFailure && lastFailure.status === null ? '' : ' well'
  return problem('droplet', 'warning', `${name} does not answer${how}${why}`, name)
}

function queueProblem(load: Load, shared: Backlog | null): Problem | null {
  const ageMs = Math.max(load.oldestAgeMs ?? 0, shared?.backlogDueMs ?? 0)
  if (ageMs < LONG_WAIT_MS) return null
  const queued = load.queued + (shared?.backlog ?? 0)
  const others = queued > 1 ? `, ${queued} are queued` : ''
  return problem('queue', 'warning', `A task has waited for ${inWords(ageMs)}${others}`)
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
}
