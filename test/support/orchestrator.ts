/** An orchestrator on a real port, with a mesh that the test lists and a clock that it moves. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import type { Engine } from '../../src/engine.ts'
import { createOrchestrator } from '../../src/orchestrator.ts'
import { systemFetch } from '../../src/platform/fetch.ts'
import { systemResolver } from '../../src/platform/resolver.ts'
import type { Clock, Fetch, Resolve } from '../../src/ports.ts'
import { testConfig, type DeepPartial } from './config.ts'
import { expectDocumented } from './documented.ts'
import { eventually, PATIENCE_MS } from './eventually.ts'
import { FakeClock } from './fake-clock.ts'
import { recordingLog, type RecordingLog } from './log.ts'
import { roundTrip } from './round-trip.ts'

/** What the Registry lists: name → URL, or the entry as it stands. */
export type Mesh = Record<string, string | Record<string, unknown>>

export interface StartOptions {
  mesh?: Mesh
  config?: DeepPartial<Config>
  clock?: FakeClock
  fetch?: Fetch
  resolve?: Resolve
  newId?: () => string
}

export interface Reply {
  status: number
  headers: Headers
  text: string
  /** The parsed body; undefined when it isn't JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any
}

export interface TestOrchestrator extends AsyncDisposable {
  readonly url: string
  readonly engine: Engine
  readonly clock: FakeClock
  readonly log: RecordingLog
  readonly config: Config
  /** Replaces what the Registry lists, from the next sync on. */
  relist(mesh: Mesh): Promise<void>
  /** Each reply is checked against the OpenAPI document. */
  call(method: string, path: string, init?: RequestInit): Promise<Reply>
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  /** POST /orchestrator/tasks, of a body with `droplet_name` "echo" and `path` "/" unless told. */
  submit(body?: object, headers?: Record<string, string>): Promise<Reply>
  /** The task as GET shows it, once `condition` holds. */
  // oxlint-disable-next-line typescript/no-explicit-any
  task(id: string, condition?: (task: any) => boolean): Promise<any>
  /** Moves the clock over each wait of a synchronous task, until the promise settles. */
  skipWaits<T>(until: Promise<T>): Promise<T>
  /**
   * Moves the clock in steps, until the promise settles. Before each step it waits for the store
   * and the network, so that on a busy machine the clock does not run ahead of them.
   */
  passTime<T>(until: Promise<T>, stepMs?: number): Promise<T>
  /** As SIGHUP does. */
  reload(): Promise<void>
  /** Begins to stop, while the time stands still. */
  beginStop(): Promise<void>
  stop(): Promise<void>
}

/** Over `:memory:` unless the configuration says otherwise. */
export async function startOrchestrator(options: StartOptions = {}): Promise<TestOrchestrator> {
  const clock = options.clock ?? new FakeClock()
  const log = recordingLog()
  const base = testConfig({ shutdownGraceMs: 1000, ...options.config })
  const listFile = join(base.registry.cacheDir, 'mesh.json')
  const relist = async (mesh: Mesh) =>
    void (await Bun.write(listFile, JSON.stringify(listOf(mesh))))
  await relist(options.mesh ?? {})
  const url = options.config?.registry?.url ?? `file://${listFile}`
  const config = { ...base, registry: { ...base.registry, url } }
  const orchestrator = await createOrchestrator(config, {
    clock: clock as Clock,
    log,
    fetch: options.fetch ?? systemFetch,
    resolve: options.resolve ?? systemResolver(),
    newId: options.newId ?? (() => Bun.randomUUIDv7()),
  })
  await orchestrator.start()
  const { engine } = orchestrator
  await clock.settle(() => engine.registry.stats().syncsTotal > 0)

  const call = async (method: string, path: string, init: RequestInit = {}): Promise<Reply> => {
    const response = await fetch(orchestrator.url + path, { redirect: 'manual', ...init, method })
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
    if (isStream) await response.body?.cancel()
    const text = isStream ? '' : await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    const json = isJson && text !== '' ? JSON.parse(text) : undefined
    const { status, headers } = response
    if (method !== 'HEAD' && (isJson || isStream || status >= 400)) {
      await expectDocumented(method, path.split('?')[0]!, status, json)
    }
    return { status, headers, text, json }
  }
  const get = (path: string, headers = {}) => call('GET', path, { headers })
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    call('POST', path, {
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })

  // The store's thread takes its questions in their order: it has written what came before.
  const storeAnswers = () => engine.store.list({ limit: 1 }).catch(() => {})
  const passTime = async <T>(until: Promise<T>, stepMs = 250): Promise<T> => {
    let settled = false
    const done = () => void (settled = true)
    const settling = until.then(done, done)
    for (const giveUp = performance.now() + PATIENCE_MS; !settled;) {
      if (performance.now() > giveUp) throw new Error('it never ended')
      // A store that is closed never answers; then the promise settles without another step.
      await Promise.race([settling, Promise.all([storeAnswers(), roundTrip(), Bun.sleep(1)])])
      if (!settled) await clock.advance(stepMs)
    }
    return until
  }

  let stopping: Promise<void> | undefined
  const stop = () =>
    // In small steps: what is cut off must be recorded, and its caller told, between them.
    (stopping ??= passTime(orchestrator.stop(), 20).finally(() =>
      rmSync(base.registry.cacheDir, { recursive: true, force: true }),
    ))

  return {
    url: orchestrator.url,
    engine,
    clock,
    log,
    config,
    relist,
    call,
    get,
    post,
    submit: (body = {}, headers = {}) =>
      post('/orchestrator/tasks', { droplet_name: 'echo', path: '/', ...body }, headers),
    async task(id, condition = () => true) {
      return eventually(`task ${id}`, async () => {
        const { json } = await get(`/orchestrator/tasks/${id}`)
        return condition(json) ? json : null
      })
    },
    async skipWaits(until) {
      let settled = false
      const done = () => void (settled = true)
      until.then(done, done)
      for (let skipped = clock.slept.length; !settled;) {
        await clock.settle(() => settled || clock.slept.length > skipped)
        while (skipped < clock.slept.length) await clock.advance(clock.slept[skipped++]!)
      }
      return until
    },
    passTime,
    reload: () => orchestrator.reload(),
    beginStop: () => orchestrator.stop(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

export const ASYNC = { prefer: 'respond-async' }

function listOf(mesh: Mesh) {
  const droplets = Object.entries(mesh).map(([name, entry]) => ({
    name,
    ...(typeof entry === 'string' ? { endpoint: entry } : entry),
  }))
  return { droplets }
}
