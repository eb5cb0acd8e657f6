import {
  freshDirectory,
  startDroplet,
  startOrchestrator,
  startRival,
  type Bench,
  type Service,
} from '../bench.ts'
import { burst, failures, inTurns, latencies, withCost, type Burst } from '../burst.ts'
import type { LoadResult } from '../load.ts'
import { syncsPerRequest } from '../syncs.ts'
import { CONNECTIONS, loadAsync, loadTasks, pause, taskBody } from '../tasks.ts'

const BODY = taskBody('bench', { timeout_ms: 600_000 })

const OURS = 'orchestrator'
const RIVAL = 'bunqueue behind HTTP'
/**
 * The callers are in its process, which is to its good: ours are only reached over HTTP. But its
 * CPU has theirs in it.
 */
const ALONE = 'bunqueue without HTTP'
/** Seen with strace, see compareSyncs. It sets WAL and `synchronous = NORMAL`. */
const UNSYNCED = 'bunqueue does not sync its commits'

type Load = () => Promise<Burst>

/** A durable task with one call of a droplet: ours beside bunqueue's, in turns. */
export async function rival(bench: Bench): Promise<void> {
  if (!isInstalled()) {
    const reason = 'bunqueue is not installed: bun install --frozen-lockfile'
    bench.report.unmeasured('bunqueue', reason)
    return
  }
  await compareWork(bench)
  await compareAcceptance(bench)
}

function isInstalled(): boolean {
  try {
    Bun.resolveSync('bunqueue/client', import.meta.dir)
    return true
  } catch {
    return false
  }
}

/** Each caller waits for the end of its task. */
async function compareWork(bench: Bench): Promise<void> {
  const directory = freshDirectory(bench, 'rival-work')
  await using droplet = await startDroplet(bench)
  await using theirs = await startRival(bench, directory, droplet, CONNECTIONS)
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: droplet } })
  const seconds = bench.quick ? 1 : 3
  await compare(bench, 'done', {
    [OURS]: () => burst(ours, { body: BODY, connections: CONNECTIONS, seconds }),
    [RIVAL]: () => burst(theirs, { body: BODY, connections: CONNECTIONS, seconds }),
    [ALONE]: () => withCost(theirs.process, () => callers(theirs, seconds)),
  })
  await compareSyncs(bench, directory, ours, theirs)
}

/** The droplet answers nothing, so all that is measured is how fast a task is accepted. */
async function compareAcceptance(bench: Bench): Promise<void> {
  const directory = freshDirectory(bench, 'rival-accept')
  await using paused = await startDroplet(bench, 'paused')
  await pause(paused)
  await using theirs = await startRival(bench, directory, paused, CONNECTIONS)
  // Nothing that hangs is worth waiting for, and bunqueue refuses nothing.
  const env = { SHUTDOWN_GRACE: '0', TASK_MAX_QUEUED: '1000000' }
  await using ours = await startOrchestrator(bench, { directory, droplets: { bench: paused }, env })
  await compare(bench, 'accepted', {
    [OURS]: () => withCost(ours.process, () => loadAsync(ours, 1, BODY)),
    [RIVAL]: () => withCost(theirs.process, () => loadAsync(theirs, 1, BODY)),
    [ALONE]: () => withCost(theirs.process, () => callers(theirs, 1, { prefer: 'respond-async' })),
  })
}

async function compare(bench: Bench, what: string, loads: Record<string, Load>): Promise<void> {
  tell(bench, what, await inTurns(bench.quick ? 2 : 5, loads))
}

function tell({ report }: Bench, what: string, bursts: Record<string, Burst[]>): void {
  const ours = bursts[OURS]!
  for (const who of [RIVAL, ALONE]) {
    const ratios = ours.map((each, round) => each.perSecond / bursts[who]![round]!.perSecond)
    report.addMedian(`${what}, times ${who}`, ratios, 'x', null, UNSYNCED)
  }
  for (const [who, all] of Object.entries(bursts)) {
    const perSecond = all.map((each) => each.perSecond)
    const cpuUs = all.map((each) => each.cpuUs)
    report.addMedian(`${what}, ${who}`, perSecond, 'tasks/s', null, latencies(all))
    report.addMedian(`${what}, ${who}: CPU a task`, cpuUs, 'µs')
  }
  const failed = failures(Object.values(bursts).flat())
  report.add(`${what}: failed`, failed, 'requests', ['<=', 0])
}

/**
 * What `durable` means to each. One task at a time: of more, several of ours share a commit and
 * its sync. bunqueue's job outlives its process, but may be lost with the machine's power. Left
 * out where strace is missing.
 */
async function compareSyncs(
  { report }: Bench,
  directory: string,
  ours: Service,
  theirs: Service,
): Promise<void> {
  for (const [who, service, note] of [
    [OURS, ours, 'of each commit, before the answer'],
    [RIVAL, theirs, 'those of the checkpoints'],
  ] as const) {
    const load = () => loadTasks(service, 1, BODY, 1)
    const syncs = await syncsPerRequest(directory, service.process, load)
    if (syncs === null) return
    report.add(`fsyncs a task, one at a time: ${who}`, syncs, '', null, note)
  }
}

/** 32 callers within bunqueue's process, without HTTP between them and the queue. */
async function callers(
  { url }: Service,
  seconds: number,
  headers: Record<string, string> = {},
): Promise<LoadResult> {
  const init = { method: 'POST', headers, body: BODY }
  const answer = await fetch(`${url}/callers?seconds=${seconds}`, init)
  if (!answer.ok) throw new Error(`bunqueue's callers failed: ${await answer.text()}`)
  return (await answer.json()) as LoadResult
}
