/** Why somebody is not let in, or not let do what was asked for. */
import { OrchestratorError } from '../errors.ts'
import { lastDay } from './expiry.ts'
import type { Scope } from './scopes.ts'

/** What is wrong with a request that has no valid token. */
export type TokenFault = 'missing' | 'malformed' | 'misspelt' | 'unknown' | 'expired'

const MESSAGES: Readonly<Record<Exclude<TokenFault, 'expired'>, string>> = {
  missing: "A token is needed: send it as 'Authorization: Bearer TOKEN'",
  malformed: "That is no token: it must be 'orc_' and 36 letters and digits",
  misspelt: 'The token is misspelt: its last 6 characters do not fit those before them',
  unknown: 'The token is not known here',
}

/** `details.reason` is the fault. Nothing of what was sent is in it. */
export function unauthorized(fault: Exclude<TokenFault, 'expired'>): OrchestratorError {
  return new OrchestratorError('UNAUTHORIZED', MESSAGES[fault], { reason: fault })
}

/** `expiresAt`: wall clock, ms. */
export function expired(expiresAt: number): OrchestratorError {
  const message = `The token has expired: its last day was ${lastDay(expiresAt)} (UTC)`
  return new OrchestratorError('UNAUTHORIZED', message, { reason: 'expired' })
}

export function scopeMissing(scope: Scope): OrchestratorError {
  const message = `This needs a token with the scope '${scope}'`
  return new OrchestratorError('FORBIDDEN', message, { scope })
}

/**
 * The same for a droplet that the token may not use and for one that there is not: who has a token
 * for some droplets is not to find out about others. `available`: those of its own.
 */
export function dropletRefused(name: string, available: readonly string[]): OrchestratorError {
  const message = `The token may not be used for a droplet '${name}', or there is none`
  return new OrchestratorError('FORBIDDEN', message, {
    requested_droplet: name,
    available_droplets: available,
  })
}
