/** The rate limit at the door, with the headers of draft-ietf-httpapi-ratelimit-headers-11. */
import type { BunRequest, Server } from 'bun'
import { clientKey, parseNetworks } from '../access/client-address.ts'
import { BURST_SECONDS, RateLimit, type Taken } from '../access/rate-limit.ts'
import { withoutTrailingSlashes } from '../config/urls.ts'
import type { Config } from '../config/config.ts'
import { OrchestratorError } from '../errors.ts'
import type { Ports } from '../ports.ts'
import type { Admission } from './admission.ts'
import { BASE, type ResponseSettings } from './base.ts'
import { pathOf } from './host.ts'

/** What monitors ask for. A client that is over its limit is not a service that is down. */
const UNCOUNTED = new Set(['/health', `${BASE}/health`, `${BASE}/ready`])

export interface CountedRequest {
  request: Request
  /** null for a request that came over no connection. */
  server: Pick<Server<unknown>, 'requestIP'> | null
  set: ResponseSettings
}

/**
 * Counts a request, by the name of its token or, where it has none that is valid, by its address;
 * throws RATE_LIMITED. null: there is no limit.
 */
export function rateLimit(
  { rateLimit: perSecond, trustProxy }: Pick<Config['access'], 'rateLimit' | 'trustProxy'>,
  { clock, newId }: Pick<Ports, 'clock' | 'newId'>,
  admission: Pick<Admission, 'identityOf'>,
): ((counted: CountedRequest) => void) | null {
  if (perSecond === 0) return null
  // Of strangers there may be more than have a bucket of their own: they share none with tokens.
  const byToken = new RateLimit(clock, perSecond, newId())
  const byAddress = new RateLimit(clock, perSecond, newId())
  const trusted = parseNetworks(trustProxy)
  const policy = `"default";q=${perSecond * BURST_SECONDS};w=${BURST_SECONDS}`
  const take = ({ request, server, set }: CountedRequest): Taken => {
    const identity = admission.identityOf(request, set)
    if (identity !== null) return byToken.take(identity)
    const forwardedFor = trusted.length > 0 ? request.headers.get('x-forwarded-for') : null
    const peer = server?.requestIP(request)?.address ?? null
    return byAddress.take(clientKey(peer, forwardedFor, trusted))
  }
  return (counted) => {
    if (isUncounted(counted.request)) return
    const { isAllowed, remaining, resetSeconds } = take(counted)
    const { headers } = counted.set
    headers['ratelimit-policy'] = policy
    headers['ratelimit'] = `"default";r=${remaining};t=${resetSeconds}`
    if (!isAllowed) throw rateLimited(perSecond)
  }
}

/**
 * Bun finds the route by the path as it was written, but in `request.url` each `\` is a `/` and dot
 * segments are resolved. So the URL of `/orchestrator/tasks/..\health` is that of health; only the
 * parameter shows that the route is another one.
 */
function isUncounted(request: Request & Partial<Pick<BunRequest, 'params'>>): boolean {
  // To ask for the URL costs 1 µs, and most requests submit a task.
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const isAsked = UNCOUNTED.has(withoutTrailingSlashes(pathOf(request.url)))
  return isAsked && Object.keys(request.params ?? {}).length === 0
}

export function rateLimited(perSecond: number): OrchestratorError {
  const message = `More than ${perSecond} requests a second`
  return new OrchestratorError('RATE_LIMITED', message, { rate_limit: perSecond })
}
