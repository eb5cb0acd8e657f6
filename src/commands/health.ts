import { maskUrl, withoutTrailingSlashes } from '../config/urls.ts'
import { VARIABLES } from '../config/variables.ts'
import { systemClock } from '../platform/clock.ts'
import { ownFetch, systemFetch } from '../platform/fetch.ts'
import { within } from '../platform/time-limit.ts'
import type { Fetch } from '../ports.ts'
import {
  EXIT,
  misused,
  readArguments,
  UNIT_SETTINGS,
  type Command,
  type CommandIo,
} from './command.ts'
import { withScheme } from './url-text.ts'

const PATH = '/orchestrator/health'

export const HEALTH: Command = {
  name: 'health',
  synopsis: '[URL]',
  summary: 'ask a running service whether it is well: exit code 0 or 1',
  details: `
Without a URL it asks the service on this machine: at HOST and PORT of the environment or of
--env-file, or else of the file that the systemd unit reads, /etc/fpai/orchestrator.env.

  orchestrator health
  orchestrator health 10.0.0.6:8001
`,
  run: (args, io) => health(args, io),
}

/**
 * `orchestrator health [URL]`, for people and for container health checks: 0 and a line on stdout
 * when the service answers 200 within `limitMs`, else 1 and the reason on stderr. Without a URL it
 * asks the service on this machine; see `ownSettings`. `http://` may be left out. A URL without a
 * path, or one that ends in `/orchestrator`, gets the rest of the health check's path.
 */
export async function health(args: string[], io: CommandIo, limitMs = 3000): Promise<number> {
  const given = readArguments(HEALTH, args, io, { max: 1 })
  if (!given) return EXIT.usage
  const [url] = given.positionals
  return url === undefined ? askOwn(io, limitMs) : askAt(url, io, limitMs)
}

async function askAt(given: string, io: CommandIo, limitMs: number): Promise<number> {
  const target = healthUrl(given)
  if (target.url !== null) return tell(target.url, systemFetch, io, limitMs)
  misused(HEALTH, io, target.fault)
  return EXIT.usage
}

async function askOwn(io: CommandIo, limitMs: number): Promise<number> {
  const target = ownUrl(ownSettings(io))
  if (target.url !== null) return tell(target.url, ownFetch, io, limitMs)
  io.stderr(`${target.fault}\n`)
  return EXIT.failed
}

/**
 * The environment and, below it, the file that the unit reads: on a droplet the service has its
 * PORT from there, and whoever asks in a shell has not.
 */
function ownSettings(io: CommandIo): CommandIo['env'] {
  const { PORT, HOST, TLS_CERT_FILE } = io.env
  if (PORT && HOST) return { PORT, HOST, TLS_CERT_FILE }
  const unit = io.unitSettings()
  if (unit === null && !PORT) io.stderr(`${UNIT_SETTINGS} cannot be read: which PORT?\n`)
  return {
    PORT: PORT || unit?.PORT,
    HOST: HOST || unit?.HOST,
    // Whoever names a port means another service.
    TLS_CERT_FILE: PORT ? TLS_CERT_FILE : TLS_CERT_FILE || unit?.TLS_CERT_FILE,
  }
}

async function tell(url: string, fetch: Fetch, io: CommandIo, limitMs: number): Promise<number> {
  const problem = await ask(url, fetch, limitMs)
  const line = `${maskUrl(url)}: ${problem ?? 'ok'}\n`
  if (problem === null) io.stdout(line)
  else io.stderr(line)
  return problem === null ? EXIT.ok : EXIT.failed
}

type Target = { url: string } | { url: null; fault: string }

function ownUrl(env: CommandIo['env']): Target {
  const { PORT = '', HOST = '', TLS_CERT_FILE } = env
  const port = VARIABLES.PORT.kind.parse(PORT || VARIABLES.PORT.default)
  const host = VARIABLES.HOST.kind.parse(HOST || VARIABLES.HOST.default)
  if (port === undefined) return { url: null, fault: `PORT=${JSON.stringify(PORT)} is no port` }
  if (port === 0) return { url: null, fault: 'PORT=0 takes a free port: name the URL instead' }
  const scheme = TLS_CERT_FILE ? 'https' : 'http'
  const url = host && URL.parse(`${scheme}://${reachable(host)}:${port}${PATH}`)
  if (!url) return { url: null, fault: `HOST=${JSON.stringify(HOST)} is no address` }
  return { url: url.href }
}

/** The address at which to call a service that listens on `host`. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function healthUrl(given: string): Target {
  const text = withScheme(given)
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null
  if (!url) return { url: null, fault: 'The URL must be host:port, or start with http(s)://' }
  const base = withoutTrailingSlashes(url.pathname)
  if (base === '') url.pathname = PATH
  else if (base.endsWith('/orchestrator')) url.pathname = `${base}/health`
  return { url: url.href }
}

/** Null when the service is well, else what is wrong. */
async function ask(url: string, fetch: Fetch, limitMs: number): Promise<string | null> {
  const answer = await within(systemClock, limitMs, null, async (signal) => {
    const response = await fetch(url, { method: 'GET', headers: {}, signal })
    await response.body?.cancel()
    return response.status
  })
  if (answer.ok) return answer.value === 200 ? null : `answered ${answer.value}`
  return answer.kind === 'timeout' ? `no answer within ${limitMs / 1000} s` : answer.error
}
