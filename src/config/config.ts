import { dirname, join } from 'node:path'
import type { LogLevel } from '../log.ts'
import { VARIABLES, VARIABLE_NAMES, type Values, type VariableName } from './variables.ts'

/** The effective settings, frozen. Durations are ms, whatever unit their variable has. */
export interface Config {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** What we register as; null: `http://localhost:<the port really bound>`. */
  readonly publicUrl: string | null
  readonly registry: {
    /** http(s) without trailing slash, or file: */
    readonly url: string
    readonly syncIntervalMs: number
    readonly timeoutMs: number
    readonly cacheDir: string
    /** 0: a kept list never expires. */
    readonly cacheExpiryMs: number
    readonly registerSelf: boolean
  }
  /** 0: no probes. */
  readonly probeIntervalMs: number
  readonly task: {
    readonly timeoutMs: number
    readonly maxRetries: number
    readonly maxHistory: number
    readonly historyTtlMs: number
    readonly maxResponseBytes: number
    /** Asynchronous tasks in flight at once. */
    readonly concurrency: number
    /** Asynchronous tasks waiting at most. */
    readonly maxQueued: number
    /** A file, or `:memory:`. */
    readonly db: string
  }
  readonly maxBodyBytes: number
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'text' }
  readonly shutdownGraceMs: number
}

export type Environment = Readonly<Record<string, string | undefined>>

/** What the settings depend on beside the environment. */
export interface ConfigWorld {
  /** Whether the directory can be written to, or created. */
  writable(dir: string): boolean
  readonly isTerminal: boolean
  readonly home: string | undefined
  /** Where relative `file:` URLs start; without it they are a fault. */
  readonly cwd?: string
}

/** An effective setting. Nothing in it is secret: URLs with credentials are refused. */
export interface Setting {
  readonly name: VariableName
  readonly value: string
  readonly source: 'default' | 'environment' | 'fallback'
}

export interface ConfigFault {
  readonly variable: VariableName
  /** Without secrets; null: it is not set. */
  readonly value: string | null
  /** Completes the sentence "must be …". */
  readonly allowed: string
}

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config; readonly settings: readonly Setting[] }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/**
 * Reads the whole configuration from an environment. An empty variable counts as unset. Never
 * throws: either everything is in bounds, or every fault is told, in the order of the table.
 */
export function loadConfig(env: Environment, world: ConfigWorld): LoadedConfig {
  const faults: ConfigFault[] = []
  const settings: Setting[] = []
  const values: Partial<Record<VariableName, unknown>> = {}
  for (const name of VARIABLE_NAMES) {
    const { kind } = VARIABLES[name]
    const found = effectiveText(name, env, world)
    if (found === null) {
      faults.push({ variable: name, value: null, allowed: unwritable(kind.allowed) })
      continue
    }
    const value = kind.parse(found.text, world.cwd)
    // The address derived from a faulty PORT, or from one not known yet, is no fault of its own.
    if (value === undefined && (name !== 'PUBLIC_URL' || found.source === 'environment')) {
      const shown = kind.mask?.(found.text) ?? found.text
      faults.push({ variable: name, value: shown, allowed: kind.allowed })
      continue
    }
    values[name] = value
    // As read where that is text: LOG_LEVEL=info is in effect as INFO.
    const shown = typeof value === 'string' ? value : found.text
    settings.push({ name, value: shown, source: found.source })
  }
  if (faults.length > 0) return { ok: false, faults }
  return { ok: true, config: toConfig(values as Values, env), settings }
}

/** A fault as one line: `PORT="abc": must be a whole number from 0 to 65535`. */
export function faultText({ variable, value, allowed }: ConfigFault): string {
  if (value === null) return `${variable} is not set: must be ${allowed}`
  const shown = value.length > 200 ? `${value.slice(0, 200)}…` : value
  return `${variable}=${JSON.stringify(shown)}: must be ${allowed}`
}

interface Found {
  text: string
  source: Setting['source']
}

/** Null: there is no default that would work on this machine. */
function effectiveText(name: VariableName, env: Environment, world: ConfigWorld): Found | null {
  const given = env[name]
  if (given) return { text: given, source: 'environment' }
  const text = VARIABLES[name].default
  switch (name) {
    case 'LOG_FORMAT':
      return { text: world.isTerminal ? 'text' : text, source: 'default' }
    case 'PUBLIC_URL':
      return { text: publicUrl(text, env.PORT || VARIABLES.PORT.default), source: 'default' }
    case 'REGISTRY_CACHE_DIR':
      // None of them can be written: the disk cache warns about that, it is no reason to stop.
      return (
        firstWritable(text, env.CACHE_DIRECTORY, '.cache/fpai', world) ?? {
          text,
          source: 'default',
        }
      )
    case 'TASK_DB': {
      const dir = firstWritable(dirname(text), env.STATE_DIRECTORY, '.local/state/fpai', world)
      return dir && { text: join(dir.text, 'orchestrator.db'), source: dir.source }
    }
    default:
      return { text, source: 'default' }
  }
}

function publicUrl(template: string, port: string): string {
  return port === '0' ? template : template.replace('<PORT>', port)
}

/** `granted`: systemd's $STATE_DIRECTORY and the like, absolute and separated by colons. */
function firstWritable(
  standard: string,
  granted: string | undefined,
  inHome: string,
  world: ConfigWorld,
): Found | null {
  if (world.writable(standard)) return { text: standard, source: 'default' }
  const first = granted?.split(':')[0]
  const fallbacks = [first, world.home && join(world.home, inHome)]
  const text = fallbacks.find((dir) => dir && world.writable(dir))
  return text ? { text, source: 'fallback' } : null
}

function unwritable(allowed: string): string {
  return `${allowed}, as none of the directories it is kept in by default can be written`
}

function toConfig(values: Values, env: Environment): Config {
  return deepFreeze({
    host: values.HOST,
    port: values.PORT,
    publicUrl: env.PUBLIC_URL ? values.PUBLIC_URL : null,
    registry: {
      url: values.REGISTRY_URL,
      syncIntervalMs: values.REGISTRY_SYNC_INTERVAL,
      timeoutMs: values.REGISTRY_TIMEOUT,
      cacheDir: values.REGISTRY_CACHE_DIR,
      cacheExpiryMs: values.REGISTRY_CACHE_EXPIRY,
      registerSelf: values.REGISTER_SELF,
    },
    probeIntervalMs: values.DROPLET_PROBE_INTERVAL,
    task: {
      timeoutMs: values.TASK_TIMEOUT,
      maxRetries: values.TASK_MAX_RETRIES,
      maxHistory: values.TASK_MAX_HISTORY,
      historyTtlMs: values.TASK_HISTORY_TTL,
      maxResponseBytes: values.TASK_MAX_RESPONSE_BYTES,
      concurrency: values.TASK_CONCURRENCY,
      maxQueued: values.TASK_MAX_QUEUED,
      db: values.TASK_DB,
    },
    maxBodyBytes: values.MAX_BODY_BYTES,
    log: { level: values.LOG_LEVEL, format: values.LOG_FORMAT },
    shutdownGraceMs: values.SHUTDOWN_GRACE,
  })
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part)
  }
  return Object.freeze(value)
}
