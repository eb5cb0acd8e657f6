/** The errors of the use cases. */
import { invalidRequest, OrchestratorError } from '../errors.ts'
import type { Registry } from '../registry/registry.ts'
import type { Task } from '../task.ts'

export function taskNotFound(id: string): OrchestratorError {
  return new OrchestratorError('TASK_NOT_FOUND', 'There is no such task', { task_id: id })
}

export function taskFinished({ id, status }: Pick<Task, 'id' | 'status'>): OrchestratorError {
  return new OrchestratorError('TASK_FINISHED', `The task has ended already: ${status}`, {
    task_id: id,
    status,
  })
}

/** `available`: the names that there are, or the first of them. */
export function unknownDroplet(name: string, available: readonly string[]): OrchestratorError {
  return new OrchestratorError('DROPLET_NOT_FOUND', `Droplet '${name}' is not in the Registry`, {
    requested_droplet: name,
    available_droplets: available,
  })
}

/** `id`: of the task of the request that used the key first. */
export function keyInUse(id: string): OrchestratorError {
  const message = 'The first request with this Idempotency-Key is still running'
  return new OrchestratorError('IDEMPOTENCY_KEY_IN_USE', message, { task_id: id })
}

/** `id`: of the task that has the key; null when its caller may not know. */
export function keyReused(id: string | null): OrchestratorError {
  const message = 'The Idempotency-Key was used for another request'
  return new OrchestratorError(
    'IDEMPOTENCY_KEY_REUSED',
    message,
    id === null ? {} : { task_id: id },
  )
}

/** A replay without the secret headers of these names, which its task had. */
export function secretsNeeded(names: readonly string[]): OrchestratorError {
  const message = 'is needed again: values of secret headers are not kept'
  return invalidRequest(...names.map((name) => ({ path: `/headers/${name}`, message })))
}

export function shuttingDown(): OrchestratorError {
  return new OrchestratorError('SHUTTING_DOWN', 'The service is shutting down')
}

export function overloaded(maxQueued: number): OrchestratorError {
  return new OrchestratorError('OVERLOADED', `${maxQueued} tasks are waiting already`, {
    max_queued: maxQueued,
  })
}

/** Of callers, not of tasks: nothing was started. */
export function tooManyWait(maxWaiters: number): OrchestratorError {
  const message = `${maxWaiters} callers wait for the end of a task already`
  return new OrchestratorError('OVERLOADED', message, { max_waiters: maxWaiters })
}

/**
 * The task was taken over, or removed, while it ran here: its end is not recorded by us. `task`: as
 * far as it came here; null: not known. The details are those of a task that the disk does not take.
 */
export function takenOver(id: string, task: Task | null = null): OrchestratorError {
  const last = task?.attempts.at(-1)
  const answered = task?.attempts.findLast(({ responseStatus }) => responseStatus !== null)
  return new OrchestratorError('STORE_UNAVAILABLE', 'The task is no longer run by this process', {
    task_id: id,
    ...(task && {
      delivered: answered ? true : last ? null : false,
      response_status: answered?.responseStatus ?? null,
    }),
  })
}

export function registryError(registry: Pick<Registry, 'errorDetails'>): OrchestratorError {
  const message = 'The Registry cannot be reached and there is no usable list of droplets'
  return new OrchestratorError('REGISTRY_ERROR', message, { ...registry.errorDetails() })
}
