/** The errors of a synchronous task that the gate has refused: it was not started. */
import type { Refusal } from '../droplets/gate.ts'
import { OrchestratorError } from '../errors.ts'

export function refusedTask(
  droplet: string,
  { kind, reason, retryAfterMs = 0 }: Pick<Refusal, 'kind' | 'reason' | 'retryAfterMs'>,
): OrchestratorError {
  if (kind === 'circuit open') {
    return new OrchestratorError(
      'CIRCUIT_OPEN',
      `Droplet '${droplet}' is not called now: ${reason}`,
      {
        droplet_name: droplet,
        retry_after_seconds: Math.max(1, Math.ceil(retryAfterMs / 1000)),
      },
    )
  }
  const message = `Droplet '${droplet}' has more than it can take: ${reason}`
  return new OrchestratorError('OVERLOADED', message, { droplet_name: droplet })
}

/** There are too many of all droplets together. */
export function tooManyTasks(maxRunning: number): OrchestratorError {
  return new OrchestratorError('OVERLOADED', `${maxRunning} tasks are under way already`, {
    max_running: maxRunning,
  })
}
