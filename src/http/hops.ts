/**
 * Loops: a task may go to a droplet that is, in the end, this service again. So each request to a
 * droplet says how many orchestrators it has come through.
 */
import { invalidRequest, OrchestratorError } from '../errors.ts'

/** A request that has come through so many is refused. */
export const MAX_HOPS = 8

export const HOPS_HEADER = 'X-Orchestrator-Hops'

/**
 * Throws LOOP_DETECTED; and INVALID_REQUEST for what is not a number: to take it for 0 would let a
 * loop go on.
 */
export function hopsOf(headers: Headers): number {
  const text = headers.get(HOPS_HEADER)
  if (text === null) return 0
  if (!/^\d+$/.test(text)) {
    throw invalidRequest({ path: HOPS_HEADER, message: 'must be a whole number' })
  }
  const hops = Number(text)
  if (hops >= MAX_HOPS) throw loopDetected(hops)
  return hops
}

export function loopDetected(hops: number): OrchestratorError {
  const message = `The request has come through orchestrators ${hops} times: a task calls this service again`
  return new OrchestratorError('LOOP_DETECTED', message, { hops })
}
