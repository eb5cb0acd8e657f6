/** Where the text of a setting comes from: the environment, or a default that works here. */
import { dirname, join } from 'node:path'
import { VARIABLES, type VariableName } from './variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What the settings depend on besides the environment. */
export interface ConfigWorld {
  /** Whether the directory can be written to, or created. */
  writable(dir: string): boolean
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean
  readonly home: string | undefined
  /** Of the machine; without it, `localhost`. */
  readonly hostname?: string
  /** Where relative `file:` URLs start; without it they are a fault. */
  readonly cwd?: string
}

/** `fallback`: the default didn't work on this machine, and this is what is used instead. */
export type Source = 'default' | 'environment' | 'fallback'

export interface EffectiveText {
  text: string
  source: Source
}

/** The text that is in effect for a variable; null: no default works on this machine. */
export function effectiveText(
  name: VariableName,
  env: Environment,
  world: ConfigWorld,
): EffectiveText | null {
  const given = env[name]
  if (given) return { text: given, source: 'environment' }
  const text = VARIABLES[name].default
  switch (name) {
    case 'LOG_FORMAT':
      return { text: world.isTerminal ? 'text' : text, source: 'default' }
    case 'PUBLIC_URL':
      return { text: publicUrl(text, env), source: 'default' }
    case 'NODE_NAME':
      return { text: nodeName(env, world), source: 'default' }
    case 'REGISTRY_CACHE_DIR':
      return cacheDir(text, env, world)
    case 'TASK_DB':
      return taskDb(text, env, world)
    default:
      return { text, source: 'default' }
  }
}

/** With port 0, `<PORT>` stays in the text. */
function publicUrl(template: string, env: Environment): string {
  const port = env.PORT || VARIABLES.PORT.default
  const text = env.TLS_CERT_FILE ? template.replace('http:', 'https:') : template
  return port === '0' ? text : text.replace('<PORT>', port)
}

/** What is allowed in a name only; port 0 tells nothing of it. */
function nodeName(env: Environment, { hostname = 'localhost' }: ConfigWorld): string {
  const port = env.PORT || VARIABLES.PORT.default
  const host = hostname.replace(/[^\w.-]/g, '-').slice(0, 90) || 'localhost'
  return /^[1-9]\d{0,4}$/.test(port) ? `${host}:${port}` : host
}

function cacheDir(standard: string, env: Environment, world: ConfigWorld): EffectiveText {
  const dir = firstWritable(standard, env.CACHE_DIRECTORY, '.cache/fpai', world)
  // Without a writable directory the service still works: the disk cache warns then.
  return dir ?? { text: standard, source: 'default' }
}

function taskDb(standard: string, env: Environment, world: ConfigWorld): EffectiveText | null {
  const dir = firstWritable(dirname(standard), env.STATE_DIRECTORY, '.local/state/fpai', world)
  return dir && { text: join(dir.text, 'orchestrator.db'), source: dir.source }
}

/** `granted`: what systemd puts into $STATE_DIRECTORY and the like: absolute paths with colons. */
function firstWritable(
  standard: string,
  granted: string | undefined,
  inHome: string,
  world: ConfigWorld,
): EffectiveText | null {
  if (world.writable(standard)) return { text: standard, source: 'default' }
  const first = granted?.split(':')[0]
  const fallbacks = [first, world.home && join(world.home, inHome)]
  const text = fallbacks.find((dir) => dir && world.writable(dir))
  return text ? { text, source: 'fallback' } : null
}
