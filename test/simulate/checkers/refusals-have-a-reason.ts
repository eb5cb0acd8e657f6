/**
 * Each refusal has a reason: a disturbance, a full queue, a full gate or an open circuit, a task's
 * state, an Idempotency-Key.
 */
import type { ErrorCode } from '../../../src/errors.ts'
import { subjectOf, type Call } from '../model/call-models.ts'
import { isInterrupted } from '../model/row.ts'
import { hasEnded } from '../model/task-model.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { Checker, Context } from '../check/checker.ts'

type Details = Readonly<Record<string, unknown>>
type Reason = (call: Call, details: Details) => boolean

/** How long the Registry's last list is used at most. */
const REGISTRY_EXPIRY_MS = 25 * 60_000
const GRACE_MS = 4000
const MAX_COUNT_AGE_MS = 2000
const MAX_BREAKER_GRACE_MS = 60_000

export function refusalsHaveAReason(context: Context): Checker {
  const reasons = { ...environmentReasons(context), ...taskReasons(context) }
  return {
    refused({ call, code, details }) {
      if (reasons[code]?.(call, details)) return null
      return `${call.kind} is refused with ${code}, and there is no reason for that`
    },
  }
}

function environmentReasons(context: Context): Partial<Record<ErrorCode, Reason>> {
  const { world, model, disk, registry } = context
  /** What others have is counted several times a second, where so few may wait. */
  const endedLately = () =>
    model.leases === null
      ? 0
      : [...model.tasks.all].filter(({ endedAt }) => (endedAt ?? 0) > world.now - MAX_COUNT_AGE_MS)
          .length
  const waiting = () => model.tasks.unfinished.size + model.calls.openCount + endedLately()
  const isCountOld = ({ pausedUntil }: SimProcess) =>
    model.leases !== null &&
    Math.max(pausedUntil, disk.disturbedUntil) > world.now - MAX_COUNT_AGE_MS
  const registryDisturbed = () => registry.disturbedUntil > world.now - REGISTRY_EXPIRY_MS
  return {
    // A stop doesn't wait for a lock as long as others do.
    STORE_UNAVAILABLE: ({ process, kind }) =>
      // Another node has the task, and does not answer: see `cancels-arrive`.
      (kind === 'cancel' && model.leases !== null) ||
      world.now <= disk.brokenUntil + GRACE_MS ||
      (process.draining && world.now <= disk.disturbedUntil),
    SHUTTING_DOWN: ({ process }) => process.draining,
    OVERLOADED: ({ process }, details) =>
      // `droplet-limit-kept`, `total-limit-kept` and `gate-waits-are-short` look into the gate's.
      'droplet_name' in details || 'max_running' in details
        ? true
        : waiting() >= process.maxQueued || isCountOld(process),
    CIRCUIT_OPEN: (_, details) =>
      model.gates
        .of(String(details['droplet_name']))
        .circuit.isBeyondGrace(world.now + world.skewMs(MAX_BREAKER_GRACE_MS)) &&
      Number(details['retry_after_seconds']) >= 1,
    REGISTRY_ERROR: ({ process }) =>
      registryDisturbed() || world.now - process.servingSince < GRACE_MS,
    // `mesh-is-known` looks into that.
    DROPLET_NOT_FOUND: () => true,
  }
}

function taskReasons({ model }: Context): Partial<Record<ErrorCode, Reason>> {
  const { tasks, calls } = model
  return {
    // A replay of a task that was not on disk yet when its caller looked at what it needs.
    INVALID_REQUEST: (call) =>
      call.kind === 'replay' && call.body === null && tasks.find(call.about)?.secretHeaders != null,
    TASK_NOT_FOUND(call) {
      const task = tasks.find(subjectOf(call))
      if (!task?.row || hasEnded(task) || task.isUndone) return true
      // It was read on another machine, before it came there.
      return model.leases !== null && task.writtenAt >= call.startedAt
    },
    TASK_FINISHED(call) {
      const task = tasks.find(subjectOf(call))
      return task !== undefined && hasEnded(task)
    },
    IDEMPOTENCY_KEY_IN_USE(call, details) {
      const twin = [...calls.open].some((other) => other !== call && other.key === call.key)
      // Perhaps the twin came first and has its answer already.
      if (twin || calls.lastAnswerFor(call.key) >= call.startedAt) return true
      const holder = tasks.find(String(details['task_id']))
      if (!holder?.row || holder.row.idempotency_key !== call.key) return false
      // An answer of the store takes its time, where that is elsewhere.
      const hadNot = model.leases !== null && (holder.endedAt ?? 0) >= call.startedAt
      return hadNot || !hasEnded(holder) || isInterrupted(holder.row)
    },
    IDEMPOTENCY_KEY_REUSED: ({ key }) => calls.bodiesFor(key) > 1,
  }
}
