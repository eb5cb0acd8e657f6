import { OrchestratorError } from '../errors.ts'

/** Whether it is what reading a body rejects with when the connection of the request breaks. */
export function isHangUp(error: unknown, request: Request): boolean {
  return error instanceof DOMException && error.name === 'AbortError' && request.signal.aborted
}

/** Nobody is there to read it. */
export class HungUp extends OrchestratorError {
  constructor() {
    super('INVALID_REQUEST', 'The connection was closed within the request')
  }
}
