/** The service's contract, written down a second time: waits, limits and what is retried. */
import type { Attempt } from '../../../src/task.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { RequestResult, SentRequest } from './sent-request.ts'
import type { World } from '../world/world.ts'
import type { Span } from './task-model.ts'

export const MAX_BACKOFF_MS = 60_000
/** Wall-clock times and deadlines are rounded to whole ms. */
export const ROUNDING_MS = 1

/** The wait before the retry after `failures` failed attempts. */
export function backoffMs(failures: number, last: SentRequest | undefined): number {
  const asked = last?.result?.kind === 'answered' ? last.result.retryAfterMs : 0
  return Math.min(Math.max(1000 * 2 ** (failures - 1), asked), MAX_BACKOFF_MS)
}

/** Attempts that use up a retry: they have ended, and no restart cut them off. */
export function failuresIn(attempts: readonly Attempt[]): number {
  return attempts.filter((attempt) => !attempt.interrupted && attempt.durationMs !== null).length
}

export function isRetryable(result: RequestResult | null): boolean {
  if (result === null || result.kind === 'crashed') return false
  return result.kind === 'answered' ? result.status >= 500 && !result.tooLarge : true
}

/** When a request that isn't answered must be aborted. */
export function abortTime(request: SentRequest, world: World): Span {
  const { earliest, latest } = exactAbortTime(request)
  const skewMs = world.skewMs(Math.abs(latest - request.task.issuedAt))
  return { earliest: earliest - skewMs, latest: latest + skewMs }
}

/** By a clock that goes as the simulated time does. */
function exactAbortTime({ task, sentAt, gateWaitMs }: SentRequest): Span {
  // What it waited at the gate was part of its time; the rest is rounded up.
  const exact = sentAt + (task.row?.timeout_ms as number) - gateWaitMs
  const timeout = exact + (Number.isInteger(gateWaitMs) ? 0 : ROUNDING_MS)
  const deadline = task.row?.deadline_ms as number | null
  if (deadline === null) return { earliest: exact, latest: timeout }
  if (task.deadlineFrom === null) return { earliest: sentAt, latest: timeout }
  const { earliest, latest } = task.deadlineFrom
  return {
    earliest: Math.min(exact, Math.max(sentAt, earliest + deadline) - ROUNDING_MS),
    latest: Math.min(timeout, Math.max(sentAt, latest + deadline) + ROUNDING_MS),
  }
}

/** Why the service may have aborted the request, which has ended. */
export function abortReasons(
  request: SentRequest,
  process: SimProcess,
  world: World,
): ('timeout' | 'cancelled' | 'shutdown' | 'lost')[] {
  const reasons: ReturnType<typeof abortReasons> = []
  if (request.endedAt >= abortTime(request, world).earliest) reasons.push('timeout')
  if (request.wasLost) reasons.push('lost')
  if (request.task.cancelRequested) reasons.push('cancelled')
  if (process.draining) reasons.push('shutdown')
  return reasons
}
