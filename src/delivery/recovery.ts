/** What an earlier process left unfinished. */
import { errorText } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { ClaimedTask, TaskStore } from '../store/store.ts'
import { interrupt } from './lifecycle.ts'
import type { QueueRunner } from './queue-runner.ts'
import { Run } from './run.ts'
import type { Runs } from './runs.ts'

export interface RecoveryPorts {
  store: Pick<TaskStore, 'claim' | 'find' | 'update'>
  clock: Clock
  log: Log
}

/** Tasks that one call claims. */
const CLAIM_SIZE = 10_000

/**
 * Claims all of it: asynchronous tasks wait in the queue again; synchronous ones end here, since
 * their callers went with the process that served them. Does not wait for those ends: a disk that
 * takes nothing must not hold up the start.
 */
export async function recover(ports: RecoveryPorts, queue: QueueRunner, runs: Runs): Promise<void> {
  let requeued = 0
  let interrupted = 0
  for (;;) {
    const claimed = await ports.store.claim(CLAIM_SIZE)
    const orphans = claimed.filter(({ mode }) => mode === 'sync')
    for (const task of claimed) if (task.mode === 'async') queue.addClaimed(task)
    for (const task of orphans) void interruptOrphan(task, ports, runs)
    interrupted += orphans.length
    requeued += claimed.length - orphans.length
    if (claimed.length < CLAIM_SIZE) break
  }
  if (requeued + interrupted === 0) return
  ports.log.info('took over unfinished tasks', { requeued, interrupted })
}

/** As a run, so that a cancel finds it and waits for its end. Never rejects. */
async function interruptOrphan(
  orphan: ClaimedTask,
  ports: RecoveryPorts,
  runs: Runs,
): Promise<void> {
  const { id } = orphan
  const run = new Run(ports.clock, ports.clock.monotonic())
  try {
    await runs.hold(id, run, () => recordInterruption(orphan, ports))
  } catch (error) {
    const fields = { task_id: id, error: errorText(error) }
    ports.log.error('an interrupted task cannot be recorded', fields)
  }
}

async function recordInterruption(
  { id, createdAt }: ClaimedTask,
  { store, clock }: RecoveryPorts,
): Promise<void> {
  const task = await store.find(id)
  if (!task) return
  const now = clock.now()
  await store.update(interrupt(task, { now, elapsedMs: Math.max(0, now - createdAt) }))
}
