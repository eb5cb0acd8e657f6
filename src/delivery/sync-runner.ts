/** A synchronous task, whose caller waits: attempt, wait, attempt. */
import { isFinished } from '../task.ts'
import { deliverAttempt, endAborted, type DeliveryPorts } from './deliver.ts'
import type { Run } from './run.ts'

/** Takes the task to its end. Rejects with NotWritten, or as the store does. */
export async function runToEnd(run: Run, ports: DeliveryPorts): Promise<void> {
  const { clock } = ports
  await deliverAttempt(run, ports)
  while (!isFinished(run.task)) {
    await clock.sleep(run.dueTick - clock.monotonic(), run)
    await (run.aborted ? endAborted(run, ports) : deliverAttempt(run, ports))
  }
}
