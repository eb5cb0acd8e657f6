/** What the checks look at, each thing at most once. */
import type { Config } from '../../config/config.ts'
import { isPostgres } from '../../config/database.ts'
import { withoutBrackets } from '../../config/urls.ts'
import { AllowList } from '../../droplets/allow-list.ts'
import { dialOnly } from '../../droplets/dial.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemFetch } from '../../platform/fetch.ts'
import { postgresClient } from '../../platform/postgres.ts'
import { systemResolver } from '../../platform/resolver.ts'
import { within } from '../../platform/time-limit.ts'
import type { Clock, Fetch, Resolve } from '../../ports.ts'
import { readList, type ReadList } from '../../registry/list-reader.ts'
import { inspectPostgres, type PostgresState } from '../../store/postgres/inspect.ts'
import { inspectDatabase, type DatabaseState } from '../../store/sqlite/inspect.ts'
import type { CommandIo } from '../command.ts'
import { askOwnService, type OwnService } from './own-service.ts'

/** To read a file of this size through takes a second or two, in which no other check goes on. */
const MAX_CHECKED_BYTES = 256 * 1024 * 1024

/** Less than a check has: so the one of the database tells it, and the others that they know not. */
const POSTGRES_LIMIT_MS = 8000
const SILENT = `it gives no answer within ${POSTGRES_LIMIT_MS / 1000} s`

export interface DoctorPorts {
  readonly clock: Clock
  readonly fetch: Fetch
  readonly resolve: Resolve
}

export interface RegistryReading {
  readonly read: ReadList
  /** How far the Registry's clock is ahead of ours, ms, to a second; null: it does not say. */
  readonly aheadMs: number | null
}

export interface DoctorWorld extends DoctorPorts {
  readonly io: CommandIo
  readonly config: Config
  /** As the service checks where it may call. */
  readonly allowList: AllowList
  /** Goes where the service may, and tells which address it has dialled. */
  dial(dialled?: (address: string) => void): Fetch
  /** Aborts when a check has used up its time. */
  readonly stop: AbortSignal
  /** The service of these settings on this machine. */
  ownService(): Promise<OwnService>
  /** The list of droplets. */
  registry(): Promise<RegistryReading>
  /** Of a SQLite file. Throws as `inspectDatabase` does. */
  database(): DatabaseState
  /** null where TASK_DB is none. Rejects as `inspectPostgres` does. */
  postgres(): Promise<PostgresState | null>
}

const SYSTEM: DoctorPorts = { clock: systemClock, fetch: systemFetch, resolve: systemResolver() }

export function doctorWorld(
  io: CommandIo,
  config: Config,
  stop: AbortSignal,
  ports: DoctorPorts = SYSTEM,
): DoctorWorld {
  const allowList = new AllowList(config.droplets.allow, config.registry.url)
  const dial = (dialled: (address: string) => void = () => {}) =>
    dialOnly(allowList, { ...ports, fetch: tellingAddress(ports.fetch, dialled) })
  return {
    ...ports,
    io,
    config,
    allowList,
    dial,
    stop,
    ownService: once(() => askOwnService(config, ports.clock, stop)),
    registry: once(() => readRegistry(config, ports.clock, dial(), stop)),
    database: once(() => inspectDatabase(config.task.db, MAX_CHECKED_BYTES)),
    postgres: once(() => readPostgres(config.task.db, ports.clock, stop)),
  }
}

async function readPostgres(
  db: string,
  clock: Clock,
  stop: AbortSignal,
): Promise<PostgresState | null> {
  if (!isPostgres(db)) return null
  const client = postgresClient(db, 'orchestrator doctor', 1)
  const look = () => inspectPostgres(client, clock)
  try {
    const found = await within(clock, POSTGRES_LIMIT_MS, stop, look)
    if (found.ok) return found.value
    throw found.kind === 'timeout' ? new Error(SILENT) : (found.cause ?? new Error(found.error))
  } finally {
    await client.close()
  }
}

function tellingAddress(fetch: Fetch, dialled: (address: string) => void): Fetch {
  return (url, init) => {
    dialled(init.address ?? withoutBrackets(new URL(url).hostname))
    return fetch(url, init)
  }
}

async function readRegistry(
  { registry: { url, timeoutMs } }: Config,
  clock: Clock,
  fetch: Fetch,
  stop: AbortSignal,
): Promise<RegistryReading> {
  let aheadMs: number | null = null
  const looking: Fetch = async (target, init) => {
    const response = await fetch(target, init)
    // Whole seconds (RFC 9110, section 5.6.7): on average half a second has been cut off.
    const date = Date.parse(response.headers.get('date') ?? '')
    if (!Number.isNaN(date)) aheadMs = date + 500 - clock.now()
    return response
  }
  const read = await readList({ url, clock, fetch: looking, timeoutMs, stop })
  return { read, aheadMs }
}

/** What it throws, it throws again. */
function once<T>(work: () => T): () => T {
  let outcome: (() => T) | null = null
  return () => {
    outcome ??= attempt(work)
    return outcome()
  }
}

function attempt<T>(work: () => T): () => T {
  try {
    const value = work()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}
