/** What an earlier process left unfinished. */
import type { Clock, Log } from '../ports.ts'
import type { ClaimedTask, TaskStore } from '../store/store.ts'
import { interrupt } from './lifecycle.ts'
import type { QueueRunner } from './queue-runner.ts'

export interface RecoveryPorts {
  store: Pick<TaskStore, 'claim' | 'find' | 'update'>
  clock: Clock
  log: Log
}

/** Tasks that one call claims. */
const CLAIM_SIZE = 10_000

/**
 * Claims all of it: asynchronous tasks wait in the queue again; synchronous ones end here, since
 * their callers went with the process that served them.
 */
export async function recover(ports: RecoveryPorts, queue: QueueRunner): Promise<void> {
  let requeued = 0
  let interrupted = 0
  for (;;) {
    const claimed = await ports.store.claim(CLAIM_SIZE)
    const orphans = claimed.filter(({ mode }) => mode === 'sync')
    for (const task of claimed) if (task.mode === 'async') queue.addClaimed(task)
    await Promise.all(orphans.map((task) => interruptOrphan(task, ports)))
    interrupted += orphans.length
    requeued += claimed.length - orphans.length
    if (claimed.length < CLAIM_SIZE) break
  }
  if (requeued + interrupted === 0) return
  ports.log.info('took over unfinished tasks', { requeued, interrupted })
}

async function interruptOrphan(
  { id, createdAt }: ClaimedTask,
  { store, clock }: RecoveryPorts,
): Promise<void> {
  const task = await store.find(id)
  if (!task) return
  const now = clock.now()
  await store.update(interrupt(task, { now, elapsedMs: Math.max(0, now - createdAt) }))
}
