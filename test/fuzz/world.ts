/** The service that is fuzzed, with a droplet and a Registry that answer as an input says. */
import { loadConfig } from '../../src/config/config.ts'
import type { LogLine } from '../support/log.ts'
import { serviceHome } from '../support/binary-service.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import { roundTrip } from '../support/round-trip.ts'
import {
  answeringServer,
  json,
  type Answer,
  type ScriptedServer,
} from '../support/scripted-server.ts'
import { temporaryDir } from '../support/temporary.ts'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

export const MAX_BODY_BYTES = 262_144
export const MAX_ANSWER_BYTES = 131_072

/** The service, in this process or in one of its own. */
export interface Target extends AsyncDisposable {
  readonly url: string
  /** CPU time that its process has used. */
  cpuMs(): number
  /** Resident memory; null when it shares the process with the fuzzer. */
  memoryMb(): number | null
  /** Lets time go by, where it stands still. */
  pass(ms: number): Promise<void>
  /** What it logged at ERROR. */
  errors(): string[]
  /** All that it logged. */
  log(): string
}

/** What an area has its service started with, beside the settings of all. */
export interface Setup {
  readonly env?: Record<string, string>
  /** Texts of files, by the settings that name them. */
  readonly files?: Record<string, string>
  /** More droplets, at the same server. */
  readonly droplets?: readonly string[]
  /** For each request, the headers of somebody who may do everything. */
  readonly headers?: () => Record<string, string>
  /** What no answer and no line of the log may hold. */
  readonly secrets?: readonly string[]
}

export interface World extends Target {
  readonly droplet: ScriptedServer
  readonly registry: ScriptedServer
  /** How the droplet answers from now on; and how it does in the beginning. */
  dropletAnswers(answer: Answer): void
  registryAnswers(answer: Answer): void
  reset(): void
  /** As `Setup` has them. */
  headers(): Record<string, string>
  readonly secrets: readonly string[]
  /** A task that has ended, to look up, to replay and to cancel. */
  readonly endedId: string
  /** The one before it: the first of all. */
  readonly firstId: string
  /** Of the page with the first task alone: of the list of the tasks of `echo`. */
  readonly cursor: string
  /** Resolves once the service has answered; rejects when it is not well. */
  health(): Promise<void>
}

export type Launch = (env: Record<string, string>) => Promise<Target>

export const OK = { ok: true }

/** Droplets: `echo`, and `based` with a base path in its URL. They are the same server. */
export async function openWorld(launch: Launch, setup: Setup = {}): Promise<World> {
  let answers: Record<'droplet' | 'registry', Answer>
  const droplet = answeringServer(() => (wire) => answers.droplet(wire))
  const registry = answeringServer(() => (wire) => answers.registry(wire))
  const list = {
    droplets: [
      { id: 1, name: 'echo', endpoint: droplet.url },
      { id: 2, name: 'based', endpoint: `${droplet.url}/base` },
      ...(setup.droplets ?? []).map((name) => ({ name, endpoint: droplet.url })),
    ],
  }
  const reset = () => (answers = { droplet: json(OK), registry: json(list) })
  reset()
  const files = writeFiles(setup.files ?? {})
  const env = { ...SETTINGS, REGISTRY_URL: registry.url, ...setup.env, ...files.env }
  const target = await launch(env)
  const headers = setup.headers ?? (() => ({}))
  const firstId = await endedTask(target.url, headers())
  const endedId = await endedTask(target.url, headers())
  return Object.assign(Object.create(target) as Target, {
    droplet,
    registry,
    dropletAnswers: (answer: Answer) => void (answers.droplet = answer),
    registryAnswers: (answer: Answer) => void (answers.registry = answer),
    reset,
    headers,
    secrets: [...(setup.secrets ?? []), SIGNING_SECRET],
    firstId,
    endedId,
    cursor: await cursorAfterNewest(target.url, headers()),
    health: () => expectHealth(target.url),
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]()
      await Promise.all([droplet.stop(), registry.stop()])
      files.remove()
    },
  })
}

/** Their paths, by the settings that name them. */
function writeFiles(texts: Record<string, string>) {
  const dir = temporaryDir()
  const env = Object.entries(texts).map(([setting, text]) => {
    writeFileSync(dir.file(setting), text, { mode: 0o600 })
    return [setting, dir.file(setting)]
  })
  return { env: Object.fromEntries(env), remove: () => dir[Symbol.dispose]() }
}

async function expectHealth(url: string): Promise<void> {
  const answer = await fetch(`${url}/orchestrator/health`)
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`health answers ${answer.status}: ${text}`)
}

async function endedTask(url: string, caller: Record<string, string>): Promise<string> {
  const headers = { 'content-type': 'application/json', ...caller }
  const body = JSON.stringify({ droplet_name: 'echo', path: '/' })
  const answer = await fetch(`${url}/orchestrator/tasks`, { method: 'POST', headers, body })
  return ((await answer.json()) as { task_id: string }).task_id
}

async function cursorAfterNewest(url: string, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(`${url}/orchestrator/tasks?limit=1&droplet_name=echo`, { headers })
  return ((await answer.json()) as { next_cursor: string }).next_cursor
}

const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 'fuzz').toString('base64')}`

/** Small limits, so that what passes one is small, too; and what is off by default is on. */
const SETTINGS = {
  MAX_BODY_BYTES: String(MAX_BODY_BYTES),
  TASK_MAX_RESPONSE_BYTES: String(MAX_ANSWER_BYTES),
  TASK_MAX_HISTORY: '1000000',
  REGISTRY_SYNC_INTERVAL: '86400',
  REGISTRY_CACHE_EXPIRY: '0',
  DROPLET_PROBE_INTERVAL: '0',
  REGISTER_SELF: 'true',
  // The droplet fails all day; what is fuzzed is what each failure does.
  BREAKER_THRESHOLD: '0',
  DROPLET_ALLOW: '127.0.0.0/8, localhost, *.example',
  DROPLET_SIGNING_SECRET: SIGNING_SECRET,
  CORS_ORIGINS: 'https://app.example, http://localhost:3000',
  TRUST_PROXY: '127.0.0.0/8, 10.0.0.0/8',
}

const isError = ({ level }: Pick<LogLine, 'level'>) => level === 'ERROR'

/** `dist/orchestrator`. */
export const binaryTarget: Launch = async (env) => {
  const home = serviceHome()
  const service = await home.start(env)
  return {
    url: service.url,
    cpuMs: () => threadTimeMs(service.pid),
    memoryMb: () => service.rssMb(),
    pass: (ms) => Bun.sleep(ms),
    errors: () =>
      service
        .log()
        .filter(isError)
        .map((line) => JSON.stringify(line)),
    log: () => service.stdout + service.stderr,
    async [Symbol.asyncDispose]() {
      service.signal('SIGKILL')
      await service.exited
      home[Symbol.dispose]()
    },
  }
}

function threadTimeMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((id) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // It has ended meanwhile.
      return 0
    }
  })
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6
}

export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** In this process, over real sockets; its clock stands still. */
export const inProcessTarget: Launch = async (env) => {
  const dir = temporaryDir()
  const cache = { REGISTRY_CACHE_DIR: dir.file('cache'), TASK_DB: ':memory:' }
  const loaded = loadConfig(
    { HOST: '127.0.0.1', PORT: '0', ...cache, ...env },
    { writable: () => true, isTerminal: false, home: undefined },
  )
  if (!loaded.ok) throw new Error(`The settings are not valid: ${JSON.stringify(loaded.faults)}`)
  const orchestrator = await startOrchestrator({ config: loaded.config })
  return {
    url: orchestrator.url,
    cpuMs: ownCpuMs,
    memoryMb: () => null,
    async pass(ms) {
      // On a busy machine the clock must not run ahead of the store and the network.
      const { store } = orchestrator.engine
      await Promise.all([store.list({ limit: 1 }), roundTrip(), Bun.sleep(1)])
      await orchestrator.clock.advance(ms)
    },
    errors: () => orchestrator.log.lines.filter(isError).map((line) => JSON.stringify(line)),
    log: () => JSON.stringify(orchestrator.log.lines),
    async [Symbol.asyncDispose]() {
      await orchestrator.stop()
      dir[Symbol.dispose]()
    },
  }
}
