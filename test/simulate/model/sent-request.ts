/** A request that left the service, as the mesh saw it. */
import type { JsonText } from '../../../src/task.ts'
import type { OwnerModel, TaskModel } from './task-model.ts'

export type RequestResult =
  | {
      kind: 'answered'
      status: number
      json: JsonText | null
      /** The body was larger than the service may read. */
      tooLarge: boolean
      /** What a 503 asked for, ms. */
      retryAfterMs: number
    }
  /** The connection was refused or broke. */
  | { kind: 'failed' }
  /** The service aborted it. */
  | { kind: 'aborted' }
  /** The service's process crashed. */
  | { kind: 'crashed' }

export interface SentRequest {
  readonly task: TaskModel
  readonly attempt: number
  /** The number of the process that sent it. */
  readonly process: number
  /** By what right; null: of a store that is not shared. */
  readonly owner: OwnerModel | null
  readonly sentAt: number
  /** How long it waited at the gate, ms: so much less may it take. */
  readonly gateWaitMs: number
  /** Null while it is in flight. */
  result: RequestResult | null
  endedAt: number
  /** It ended while its process was paused: that may do something else before it hears of it. */
  endedInPause: boolean
  /** That it has ended is recorded, and told. */
  isCounted: boolean
  /** When it ended, another node might own its task. */
  wasLost: boolean
}
