/** What an earlier process left unfinished. */
import { errorText } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { TaskStore } from '../store/store.ts'
import type { Task } from '../task.ts'
import { interrupt } from './lifecycle.ts'
import { logLost, NotWritten } from './not-written.ts'
import type { QueueRunner } from './queue-runner.ts'
import { Run } from './run.ts'
import type { Runs } from './runs.ts'
import type { TaskReader } from './task-reader.ts'

export interface RecoveryPorts {
  store: Pick<TaskStore, 'claim' | 'update'>
  reader: TaskReader
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
    for (const task of orphans) {
      void interruptOrphan(task.id, ports.clock.now() - task.createdAt, ports, runs)
    }
    interrupted += orphans.length
    requeued += claimed.length - orphans.length
    if (claimed.length < CLAIM_SIZE) break
  }
  if (requeued + interrupted === 0) return
  ports.log.info('took over unfinished tasks', { requeued, interrupted })
}

/** Ends a synchronous task of another process, `ageMs` old, as interrupted. Never rejects. */
export function interruptOrphan(id: string, ageMs: number, ports: RecoveryPorts, runs: Runs) {
  const isOver = ({ abortReason }: Run) => abortReason === 'shutdown' || abortReason === 'lost'
  const read = (run: Run) => ports.reader.read(id, () => isOver(run))
  return interruptTask(id, Math.max(0, ageMs), read, ports, runs)
}

/**
 * Ends a task that nobody may run any more. As a run, so that a cancel finds it and waits for its
 * end. `elapsedMs`: how long it was under way. `read`: null when it is not there. Never rejects.
 */
export async function interruptTask(
  id: string,
  elapsedMs: number,
  read: (run: Run) => Promise<Task | null>,
  { clock, store, log }: Omit<RecoveryPorts, 'reader'>,
  runs: Runs,
): Promise<void> {
  const run = new Run(clock, id, clock.monotonic() - elapsedMs)
  try {
    await runs.hold(run, async () => {
      const task = await read(run)
      if (!task) return
      const interrupted = interrupt(task, run.moment())
      run.recording(interrupted)
      const result = await store.update(interrupted)
      if (result !== 'written') logLost(new NotWritten(id, 'update', result), log)
    })
  } catch (error) {
    log.error('an interrupted task cannot be recorded', { task_id: id, error: errorText(error) })
  }
}
