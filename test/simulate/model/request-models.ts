/** The requests that left the service. */
import type { RequestResult, SentRequest } from './sent-request.ts'
import type { TaskModel } from './task-model.ts'

export class RequestModels {
  readonly inFlight = new Set<SentRequest>()
  /** Retries that ended in this process. */
  retries = 0

  startProcess(): void {
    this.retries = 0
  }

  send(task: TaskModel, attempt: number, process: number, now: number): SentRequest {
    const { gateWaitMs } = task
    const sent = { sentAt: now, gateWaitMs, result: null, endedAt: 0 }
    const request: SentRequest = { task, attempt, process, ...sent }
    task.requests.push(request)
    this.inFlight.add(request)
    return request
  }

  end(request: SentRequest, result: RequestResult, now: number): void {
    request.result = result
    request.endedAt = now
    this.inFlight.delete(request)
    if (result.kind !== 'crashed' && request.attempt > 1) this.retries++
  }
}
