/** The requests that left the service, and what its metrics count. */
import type { FinalStatus } from '../../../src/task.ts'
import type { RequestResult, SentRequest } from './sent-request.ts'
import type { TaskModel } from './task-model.ts'

type EndOfRequest = Pick<SentRequest, 'wasLost' | 'endedInPause'>

export class RequestModels {
  readonly inFlight = new Set<SentRequest>()
  /** Retries that ended in this process. */
  retries = 0
  /** How many tasks ended, as this process was told. */
  endedCounts: Record<FinalStatus, number> = { success: 0, error: 0, timeout: 0, cancelled: 0 }

  constructor(
    /** Each end is recorded before long, and told then. False: not by a node that loses its lease. */
    private readonly countEnds: boolean,
  ) {}

  startProcess(): void {
    this.retries = 0
    this.endedCounts = { success: 0, error: 0, timeout: 0, cancelled: 0 }
  }

  /** A write with its end is in the shared store, as its process knows. */
  recorded(request: SentRequest): void {
    if (this.countEnds || request.isCounted) return
    request.isCounted = true
    if (request.attempt > 1) this.retries++
  }

  send(task: TaskModel, attempt: number, process: number, now: number): SentRequest {
    const { gateWaitMs } = task
    const sent = {
      sentAt: now,
      gateWaitMs,
      result: null,
      endedAt: 0,
      wasLost: false,
      isCounted: false,
      endedInPause: false,
    }
    const { owner } = task
    const request: SentRequest = { task, attempt, process, owner, ...sent }
    task.requests.push(request)
    this.inFlight.add(request)
    return request
  }

  end(
    request: SentRequest,
    result: RequestResult,
    now: number,
    { wasLost, endedInPause }: EndOfRequest,
  ): void {
    request.result = result
    request.endedAt = now
    Object.assign(request, { wasLost, endedInPause })
    this.inFlight.delete(request)
    if (this.countEnds && result.kind !== 'crashed' && request.attempt > 1) this.retries++
  }
}
