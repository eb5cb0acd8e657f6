/** The binary under a mesh that misbehaves; then quiet, and a look at what is left. */
import { randomFrom } from '../crash/random.ts'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { eventually } from '../support/eventually.ts'
import { tokensFile } from '../support/tokens-file.ts'
import { startCallers } from './callers.ts'
import { SIGNING_SECRET, SoakMesh } from './mesh.ts'
import { cpuMsOf, sampleOf, type Sample } from './sample.ts'
import { leaks, lostTasks, type Ended, type SoakRun } from './verdict.ts'

const SETTINGS = {
  REGISTRY_SYNC_INTERVAL: '1',
  REGISTRY_TIMEOUT: '1',
  DROPLET_PROBE_INTERVAL: '1',
  TASK_TIMEOUT: '2',
  TASK_MAX_RESPONSE_BYTES: '262144',
  TASK_MAX_HISTORY: '100000000',
  BREAKER_GRACE: '5',
  DROPLET_SIGNING_SECRET: SIGNING_SECRET,
  // So high that nobody is refused: what is looked for is what it keeps of each client.
  RATE_LIMIT: '100000',
}

const IDLE_MS = 3000
const CHANGE_MS = 1000
const SIGHUP_EVERY = 5

export interface SoakReport {
  readonly run: SoakRun
  readonly faults: string[]
  readonly tasks: number
  readonly answers: ReadonlyMap<string, number>
}

export async function soak(
  minutes: number,
  seed: number,
  tell: (sample: Sample) => void = () => {},
): Promise<SoakReport> {
  const random = randomFrom(seed)
  const mesh = new SoakMesh(random)
  using home = serviceHome()
  using tokens = tokensFile({
    all: 'admin',
    some: { scopes: ['tasks:read', 'tasks:write'], droplets: mesh.names.slice(0, 4) },
    // It is in no file: those who come with it are refused.
    none: 'admin',
  })
  tokens.write(`${tokens.lines.all}\n${tokens.lines.some}`)
  const more = { REGISTRY_URL: mesh.registryUrl, AUTH_TOKENS_FILE: tokens.path }
  await using service = await home.start({ ...SETTINGS, ...more })
  const ask = asker(service, tokens.bearer('all'))
  await service.ready()
  const sample = (at: number) => sampleOf(service, home.env.TASK_DB!, at)
  const cpuBefore = await idleCpuMs(service)
  const start = sample(0)

  const callers = startCallers(service.url, mesh.names, tokens.bearer, random)
  const load: Sample[] = []
  const seconds = Math.round(minutes * 60)
  for (let second = 1; second <= seconds; second++) {
    await Bun.sleep(CHANGE_MS)
    await mesh.change()
    if (second % SIGHUP_EVERY === 0) service.signal('SIGHUP')
    load.push(sample(second))
    tell(load.at(-1)!)
  }
  mesh.calm()
  await callers.stop()
  await eventually('all tasks have ended', async () => (await unfinished(ask)) === 0)
  const history = await everyTask(ask)
  const counted = await ask('/orchestrator/metrics')
  await mesh.stop()
  const cpuAfter = await idleCpuMs(service)
  const run = {
    start,
    load,
    end: sample(seconds),
    idleCpuMs: [cpuBefore, cpuAfter] as const,
    minutes,
  }
  const faults = [
    ...leaks(run),
    ...lostTasks(callers.accepted, history, counted.tasks.total),
    ...callers.faults.slice(0, 5),
    ...mesh.faults.slice(0, 5),
  ]
  return { run, faults, tasks: history.length, answers: callers.answers }
}

/** What it uses while nobody asks for anything. */
async function idleCpuMs(service: Service): Promise<number> {
  // What the load has put off is no part of it.
  await Bun.sleep(IDLE_MS)
  const before = cpuMsOf(service)
  await Bun.sleep(IDLE_MS)
  return ((cpuMsOf(service) - before) * 1000) / IDLE_MS
}

async function unfinished(ask: Ask): Promise<number> {
  const { tasks } = await ask('/orchestrator/metrics')
  return tasks.queued + tasks.running
}

async function everyTask(ask: Ask): Promise<Ended[]> {
  const all: Ended[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await ask(`/orchestrator/tasks?limit=1000&cursor=${cursor}`)
    for (const { id, status, completed_at } of page.tasks) all.push({ id, status, completed_at })
    cursor = page.next_cursor
  }
  return all
}

// oxlint-disable-next-line typescript/no-explicit-any
type Ask = (path: string) => Promise<any>

/** On connections that do not stay open. */
function asker({ url }: Service, bearer: Record<string, string>): Ask {
  const headers = { connection: 'close', ...bearer }
  return async (path) => (await fetch(url + path, { headers, keepalive: false })).json()
}
