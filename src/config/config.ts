import type { LogLevel } from '../log.ts'
import { isPostgres } from './database.ts'
import type { Kind } from './kinds.ts'
import { effectiveText, type ConfigWorld, type Environment, type Source } from './source.ts'
import { toConfig } from './to-config.ts'
import { VARIABLES, VARIABLE_NAMES, type Values, type VariableName } from './variables.ts'

/** The effective settings, frozen. Durations are ms, whatever unit their variable has. */
export interface Config {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Of this one among those that share a Postgres. */
  readonly nodeName: string
  /** What we register as; null: `http(s)://localhost:<port>`, with the port that we really got. */
  readonly publicUrl: string | null
  /** PEM files; both null: plain HTTP. */
  readonly tls: { readonly certFile: string | null; readonly keyFile: string | null }
  readonly access: {
    /** null: open to all. */
    readonly tokensFile: string | null
    /** Origins besides our own, as browsers write them. */
    readonly corsOrigins: readonly string[]
    /** Requests a second; 0: no limit. */
    readonly rateLimit: number
    /** Addresses and networks of proxies that are believed. */
    readonly trustProxy: readonly string[]
  }
  readonly registry: {
    /** An http, https or file URL, without trailing slash. */
    readonly url: string
    readonly syncIntervalMs: number
    readonly timeoutMs: number
    readonly cacheDir: string
    /** How old a list may be that is still used; 0: however old. */
    readonly cacheExpiryMs: number
    readonly registerSelf: boolean
  }
  /** Between two health probes of a droplet; 0: no probes. */
  readonly probeIntervalMs: number
  readonly droplets: {
    /** Host names, `*.suffix`, addresses and networks; empty: all hosts. */
    readonly allow: readonly string[]
    /** Requests to one at once. */
    readonly maxConcurrency: number
    /** Synchronous tasks that wait for one. */
    readonly maxWaiting: number
    /** Failures in a row that open a circuit; 0: no circuits. */
    readonly breakerThreshold: number
    /** How long an open circuit is waited for. */
    readonly breakerGraceMs: number
    /** Each of them signs; `whsec_` and base64. Those in the file come from `loadSettings`. */
    readonly signingSecrets: readonly string[]
    /** A file with the secrets, in place of the setting. */
    readonly signingSecretFile: string | null
  }
  readonly task: {
    readonly timeoutMs: number
    readonly maxRetries: number
    readonly maxHistory: number
    /** How long a finished task is kept; 0: no limit of age. */
    readonly historyTtlMs: number
    readonly maxResponseBytes: number
    /** Requests to all droplets at once, and synchronous tasks that wait to send one. */
    readonly maxRunning: number
    /** How many asynchronous tasks run at once. */
    readonly concurrency: number
    /** How many asynchronous tasks may wait. */
    readonly maxQueued: number
    /** A file, `:memory:`, or the URL of a Postgres (`isPostgres`), perhaps with a password. */
    readonly db: string
    /** How long a node that is not heard of keeps its tasks; with Postgres only. */
    readonly leaseMs: number
  }
  readonly maxBodyBytes: number
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'text' }
  /** Droplets with numbers of their own in the metrics for Prometheus. */
  readonly metricsMaxDroplets: number
  readonly traces: {
    /** Where they are sent, without `/v1/traces`; null: nowhere. */
    readonly endpoint: string | null
    /** Names in lower case. */
    readonly headers: Readonly<Record<string, string>>
    /** Of the traces that begin here, how many are sent, 0 to 1. */
    readonly share: number
  }
  readonly shutdownGraceMs: number
}

/** An effective setting. Nothing in it is secret: secrets are masked, URLs with credentials refused. */
export interface Setting {
  readonly name: VariableName
  readonly value: string
  readonly source: Source
}

export interface ConfigFault {
  readonly variable: VariableName
  /** Without secrets; null: the variable is not set. */
  readonly value: string | null
  /** Completes the sentence "must be …". */
  readonly allowed: string
  /** What is wrong with this value, where that can be told. */
  readonly reason: string | null
}

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config; readonly settings: readonly Setting[] }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/**
 * Reads the whole configuration from an environment. An empty variable counts as unset. Never
 * throws: returns the configuration, or all faults, in the order of VARIABLES.
 */
export function loadConfig(env: Environment, world: ConfigWorld): LoadedConfig {
  const faults: ConfigFault[] = []
  const settings: Setting[] = []
  const values: Record<string, unknown> = {}
  for (const name of VARIABLE_NAMES) {
    const kind: Kind<unknown> = VARIABLES[name].kind
    const found = effectiveText(name, env, world)
    if (found === null) {
      const allowed = unwritable(kind.allowed)
      faults.push({ variable: name, value: null, allowed, reason: null })
      continue
    }
    const value = kind.parse(found.text, world.cwd)
    // A default PUBLIC_URL is made from PORT. If PORT is wrong, that is reported already; if it is
    // 0, the URL isn't known yet.
    if (value === undefined && (name !== 'PUBLIC_URL' || found.source === 'environment')) {
      const shown = masked(name, kind.mask?.(found.text) ?? found.text)
      const reason = kind.reason?.(found.text) ?? null
      faults.push({ variable: name, value: shown, allowed: kind.allowed, reason })
      continue
    }
    values[name] = value
    // Texts as they were understood: LOG_LEVEL=info is shown as INFO.
    const text = typeof value === 'string' ? value : found.text
    const shown = kind.show?.(text) ?? text
    settings.push({ name, value: masked(name, shown), source: found.source })
  }
  faults.push(...missingHalf(env, faults), ...missingUrl(env, values))
  if (faults.length > 0) return { ok: false, faults }
  return { ok: true, config: toConfig(values as Values, env), settings }
}

/** A certificate is of no use without its key, nor a key without its certificate. */
function missingHalf(env: Environment, faults: readonly ConfigFault[]): ConfigFault[] {
  const pair = ['TLS_CERT_FILE', 'TLS_KEY_FILE'] as const
  const [missing, ...more] = pair.filter((name) => !env[name])
  const isFaulty = pair.some((name) => faults.some(({ variable }) => variable === name))
  if (!missing || more.length > 0 || isFaulty) return []
  const other = pair.find((name) => name !== missing)
  const allowed = `the path of a file, as ${other} is set`
  return [{ variable: missing, value: null, allowed, reason: null }]
}

/** All nodes register one URL, which is the load balancer's: none of them can know it. */
function missingUrl(env: Environment, { TASK_DB: db }: Partial<Values>): ConfigFault[] {
  if (env.PUBLIC_URL || db === undefined || !isPostgres(db)) return []
  const allowed = 'the URL under which all nodes are reached, as TASK_DB is a Postgres'
  return [{ variable: 'PUBLIC_URL', value: null, allowed, reason: null }]
}

function masked(name: VariableName, text: string): string {
  return 'secret' in VARIABLES[name] && text !== '' ? '***' : text
}

/** A fault as one line: `PORT="abc": must be a whole number from 0 to 65535`. */
export function faultText({ variable, value, allowed, reason }: ConfigFault): string {
  if (value === null) return `${variable} is not set: must be ${allowed}`
  const shown = value.length > 200 ? `${value.slice(0, 200)}…` : value
  return `${variable}=${JSON.stringify(shown)}: must be ${allowed}${reason ? `; ${reason}` : ''}`
}

function unwritable(allowed: string): string {
  return `${allowed}, as none of the directories it is kept in by default can be written`
}
