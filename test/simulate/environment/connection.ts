/** One connection of the service to a droplet or to the Registry. */
import type { RequestResult, SentRequest } from '../model/sent-request.ts'
import type { SimProcess } from '../service/sim-process.ts'

export type Settle = (result: Response | Error) => void

export class Connection {
  open = true
  /** How the service hears of an error: instead of the response, or in the middle of its body. */
  onError: (error: Error) => void

  constructor(
    readonly process: SimProcess,
    /** Null for requests that are of no task: health probes, the Registry. */
    readonly request: SentRequest | null,
    readonly settle: Settle,
    private readonly onEnd: (result: RequestResult) => void,
  ) {
    this.onError = settle
  }

  /** False when it had ended already. */
  end(result: RequestResult): boolean {
    if (!this.open) return false
    this.open = false
    this.onEnd(result)
    return true
  }

  break(result: RequestResult, error: Error): void {
    if (this.end(result)) this.onError(error)
  }

  fail(error: Error): void {
    this.break({ kind: 'failed' }, error)
  }
}
