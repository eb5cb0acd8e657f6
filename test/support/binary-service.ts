/** The binary's service in a directory of its own, on loopback, with an environment of its own. */
import { createServer } from 'node:net'
import { readFileSync, writeFileSync } from 'node:fs'
import { binaryPath, startProcess, type BinaryProcess } from './binary.ts'
import { eventually } from './eventually.ts'
import type { Mesh, Reply } from './orchestrator.ts'
import { temporaryDir } from './temporary.ts'

export interface Service extends BinaryProcess {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The log, line by line. */
  // oxlint-disable-next-line typescript/no-explicit-any
  log(msg?: string): any[]
  call(method: string, path: string, init?: RequestInit): Promise<Reply>
  get(path: string): Promise<Reply>
  /** POST /orchestrator/tasks, of a body with `droplet_name` "echo" and `path` "/" unless told. */
  submit(body?: object, headers?: Record<string, string>): Promise<Reply>
  /** The task as GET shows it, once `condition` holds. */
  // oxlint-disable-next-line typescript/no-explicit-any
  task(id: string, condition?: (task: any) => boolean): Promise<any>
  /** Resolves when /ready answers 200. */
  ready(): Promise<void>
  rssMb(): number
  /** The most it ever was. */
  peakRssMb(): number
}

/** A directory for services: what one writes there, the next one finds. */
export interface ServiceHome extends Disposable {
  readonly path: string
  file(name: string): string
  /** The environment that its services get; a test may add to it. */
  readonly env: Record<string, string>
  /** What the Registry, a file, lists: name → URL or the entry. */
  list(mesh: Mesh): void
  /** Starts the service and waits until it is healthy; `env` comes on top. */
  start(env?: Record<string, string>): Promise<Service>
  /** Starts it, and waits for nothing. */
  launch(env?: Record<string, string>): BinaryProcess
}

export function serviceHome(mesh?: Mesh): ServiceHome {
  const dir = temporaryDir()
  const listFile = dir.file('droplets.json')
  const env: Record<string, string> = {
    HOST: '127.0.0.1',
    PORT: '0',
    REGISTRY_URL: `file:${listFile}`,
    REGISTRY_CACHE_DIR: dir.file('cache'),
    TASK_DB: dir.file('orchestrator.db'),
    DROPLET_PROBE_INTERVAL: '0',
  }
  const list = (listed: Mesh) => {
    const droplets = Object.entries(listed).map(([name, entry]) => ({
      name,
      ...(typeof entry === 'string' ? { endpoint: entry } : entry),
    }))
    writeFileSync(listFile, JSON.stringify({ droplets }))
  }
  if (mesh) list(mesh)
  const launch = (extra: Record<string, string> = {}) =>
    startProcess([binaryPath()], { env: { ...env, ...extra }, cwd: dir.path })
  return {
    path: dir.path,
    file: (name) => dir.file(name),
    env,
    list,
    launch,
    async start(extra = {}) {
      const process = launch(extra)
      try {
        const service = serviceOf(process, await listening(process))
        await eventually('healthy', async () => {
          return (await service.get('/orchestrator/health')).status === 200
        })
        // A task sent before the first sync would have to wait for it.
        if (mesh && !extra.REGISTRY_URL) await service.ready()
        return service
      } catch (error) {
        await process.stop()
        throw error
      }
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  }
}

/** The URL under which it says that it listens; fails when it ends before. */
async function listening(process: BinaryProcess): Promise<string> {
  const line = await eventually('listening', () => {
    if (process.exitCode !== undefined) {
      throw new Error(`it ended with ${process.exitCode}: ${process.stderr}${process.stdout}`)
    }
    return logOf(process).find(({ msg }) => msg === 'listening')
  })
  return line.url
}

// oxlint-disable-next-line typescript/no-explicit-any
function logOf({ stdout }: BinaryProcess): any[] {
  const complete = stdout.slice(0, stdout.lastIndexOf('\n') + 1)
  return complete
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

function serviceOf(process: BinaryProcess, url: string): Service {
  const call = async (method: string, path: string, init: RequestInit = {}): Promise<Reply> => {
    const response = await fetch(url + path, { redirect: 'manual', ...init, method })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    const json = isJson && text !== '' ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, text, json }
  }
  const get = (path: string) => call('GET', path)
  // Not a spread: it would call each getter once and keep the value.
  return Object.assign(Object.create(process) as BinaryProcess, {
    url,
    log: (msg?: string) => logOf(process).filter((line) => msg === undefined || line.msg === msg),
    call,
    get,
    submit: (body = {}, headers = {}) =>
      call('POST', '/orchestrator/tasks', {
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ droplet_name: 'echo', path: '/', ...body }),
      }),
    // oxlint-disable-next-line typescript/no-explicit-any
    task: (id: string, condition: (task: any) => boolean = () => true) =>
      eventually(`task ${id}`, async () => {
        const { json } = await get(`/orchestrator/tasks/${id}`)
        return condition(json) ? json : null
      }),
    ready: async () => {
      await eventually('ready', async () => (await get('/orchestrator/ready')).status === 200)
    },
    rssMb: () => memoryMb(process, 'VmRSS'),
    peakRssMb: () => memoryMb(process, 'VmHWM'),
  })
}

/** Of proc_pid_status(5). */
function memoryMb({ pid }: BinaryProcess, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
