/** Commands that ask a running service: where it is, who asks, and what is told when it refuses. */
import { OrchestratorClient } from '../../client/client.ts'
import { httpUrl } from '../../config/urls.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemFetch } from '../../platform/fetch.ts'
import { within } from '../../platform/time-limit.ts'
import type { Clock, FetchInit } from '../../ports.ts'
import { VERSION } from '../../version.ts'
import {
  EXIT,
  misused,
  readArguments,
  type Arguments,
  type Command,
  type CommandIo,
  type Flags,
  type Known,
} from '../command.ts'
import { withScheme } from '../url-text.ts'
import { tellFailure } from './failure.ts'

const DEFAULT_URL = 'http://localhost:8001'

/** What all of them have; for the end of their help. */
export const SERVICE_FLAGS = `\
  --json               print the API's JSON; in a pipe that is what is printed anyway
  --url URL            where the service is; not told: ORCHESTRATOR_URL, or ${DEFAULT_URL}

ORCHESTRATOR_TOKEN is the token to send, where the service wants one.
`

/** The command line asks for what cannot be. */
export class Misuse extends Error {}

export interface Call<
  F extends Flags = {},
  L extends string = never,
  S extends string = never,
> extends Arguments<F, L, S> {
  readonly io: CommandIo
  readonly client: OrchestratorClient
  /** Whether the API's JSON is to be printed, and no text for people. */
  readonly json: boolean
}

/** Reads the arguments and lets `work` ask the service; resolves with the exit code. */
export async function atService<
  const F extends Flags = {},
  const L extends string = never,
  const S extends string = never,
>(
  command: Command,
  known: Known<F, L, S>,
  args: string[],
  io: CommandIo,
  work: (call: Call<F, L, S>) => Promise<number>,
): Promise<number> {
  const { flags = {} as F, lists = [], switches = [], max = 0 } = known
  const all = { flags: { ...flags, url: '' }, lists, switches: [...switches, 'json'] as const, max }
  const given = readArguments(command, args, io, all)
  if (!given) return EXIT.usage
  const json = given.switches.json || !io.isTerminal
  try {
    const client = connect(given.flags.url, io)
    if (!client) return EXIT.config
    // The readers of the arguments have made sure of it.
    return await work({ ...(given as object as Arguments<F, L, S>), io, client, json })
  } catch (error) {
    if (!(error instanceof Misuse)) return tellFailure(error, io, json)
    misused(command, io, error.message)
    return EXIT.usage
  }
}

/** null: the settings are wrong, and nothing is told of that. */
export function clientOf(io: CommandIo): OrchestratorClient | null {
  return connect('', { ...io, stderr: () => {} })
}

/** null: the environment is wrong, which was told. Throws Misuse when `--url` is. */
function connect(urlFlag: string, io: CommandIo): OrchestratorClient | null {
  const { ORCHESTRATOR_URL, ORCHESTRATOR_TOKEN = '' } = io.env
  const text = urlFlag || ORCHESTRATOR_URL || DEFAULT_URL
  const url = apiUrl(text)
  if (url === null) {
    const fault = `${JSON.stringify(text)} must be host:port, or ${httpUrl.allowed}`
    if (urlFlag) throw new Misuse(`--url ${fault}`)
    return refuse(io, `ORCHESTRATOR_URL=${fault}`)
  }
  const token = ORCHESTRATOR_TOKEN.trim()
  // It would not pass as a header. Its value is told to nobody.
  if (!/^[\x21-\x7e]*$/.test(token)) return refuse(io, 'ORCHESTRATOR_TOKEN is no token')
  return new OrchestratorClient({ url, token: token || null, fetch: (url, init) => ask(url, init) })
}

function refuse(io: CommandIo, fault: string): null {
  io.stderr(`${fault}\n`)
  return null
}

/** The URL with `/orchestrator`, which may be left out; null: it is none. */
export function apiUrl(text: string): string | null {
  const url = httpUrl.parse(withScheme(text))
  if (url === undefined) return null
  return url.endsWith('/orchestrator') ? url : `${url}/orchestrator`
}

/** For an answer to begin, where nobody said that the service should wait for something, ms. */
const ANSWER_MS = 30_000

/**
 * A request with a signal takes as long as it takes: it waits for a task, or for events, and Ctrl-C
 * ends it. Every other one must be answered soon: a script would else hang with a service that does.
 */
export async function ask(
  url: string,
  init: RequestInit,
  clock: Clock = systemClock,
): Promise<Response> {
  if (init.signal) return fetchFor(url, init, init.signal)
  const asked = await within(clock, ANSWER_MS, null, (signal) => fetchFor(url, init, signal))
  if (asked.ok) return asked.value
  throw asked.cause ?? new Error(asked.error)
}

/**
 * `identity`, because systemFetch unpacks nothing. `timeout`: Bun would end a request after five
 * minutes without a byte, and a task may take longer.
 */
function fetchFor(url: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  const headers = { ...HEADERS, ...(init.headers as Record<string, string>) }
  const all = { method: 'GET', ...init, headers, signal, timeout: false }
  return systemFetch(url, all as object as FetchInit)
}

const HEADERS = { 'accept-encoding': 'identity', 'user-agent': `orchestrator-cli/${VERSION}` }

/** The first argument; throws Misuse without one. */
export function idOf({ positionals: [id] }: Pick<Call, 'positionals'>): string {
  if (!id) throw new Misuse('Which task? Its ID is missing')
  return id
}
