/**
 * Which web pages may use the service: those of its own origin, and of CORS_ORIGINS. No browser
 * asks before it sends a form, or a request with a simple body; so the service has to refuse.
 */
import { isIP } from 'node:net'
import { isLoopback } from '../access/loopback.ts'
import type { Config } from '../config/config.ts'
import { withoutBrackets } from '../config/urls.ts'
import { OrchestratorError } from '../errors.ts'

/** What changes nothing, whoever asks (RFC 9110, section 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

type Settings = Pick<Config, 'host' | 'publicUrl' | 'tls'> & {
  access: Pick<Config['access'], 'corsOrigins'>
}

/**
 * A check that throws FORBIDDEN for a request of a page that may not ask. Returns the page's origin
 * when that is one of CORS_ORIGINS, else null.
 */
export function browserCheck(config: Settings): (request: Request) => string | null {
  const foreign: ReadonlySet<string> = new Set(config.access.corsOrigins)
  const isOwn = ownOrigins(config)
  const isRebound = reboundCheck(config)
  return ({ headers, method }) => {
    const origin = headers.get('origin')
    if (origin !== null) {
      if (foreign.has(origin)) return origin
      if (isOwn(origin, headers)) return null
      throw pageRefused(origin)
    }
    // Browsers that send this send an Origin, too, but a proxy may drop that.
    if (!SAFE_METHODS.has(method) && isFromElsewhere(headers)) throw pageRefused(null)
    if (isRebound(headers)) throw unknownName(headers.get('host'))
    return null
  }
}

function isFromElsewhere(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site')
  return site !== null && site !== 'same-origin' && site !== 'none'
}

/**
 * Our own are the origin of PUBLIC_URL, and scheme and Host as the request has them. But a page of
 * any name can have its name lead to our address, after it was loaded (DNS rebinding): then Origin
 * and Host are both its own. So the Host counts only where it is no name that others could own.
 */
function ownOrigins(config: Settings): (origin: string, headers: Headers) => boolean {
  const publicOrigin = config.publicUrl === null ? null : new URL(config.publicUrl).origin
  const isOurName = ourNames(config)
  return (origin, headers) => {
    if (origin === publicOrigin) return true
    // A page can't set this header on a request elsewhere without asking us first; we'd refuse.
    const isSecure = config.tls.certFile !== null || headers.get('x-forwarded-proto') === 'https'
    const own = URL.parse(`${isSecure ? 'https' : 'http'}://${headers.get('host')}`)
    return own !== null && own.origin === origin && isOurName(own.hostname)
  }
}

/** Whether only we can be meant by the host of a URL: an address, localhost, or a name we are told. */
function ourNames({ host, publicUrl }: Settings): (hostname: string) => boolean {
  const told = [host, publicUrl === null ? '' : new URL(publicUrl).hostname]
  const names = new Set(told.map((name) => name.toLowerCase()))
  return (hostname) =>
    isIP(withoutBrackets(hostname)) !== 0 || isLoopback(hostname) || names.has(hostname)
}

/**
 * What a rebound page reads has no Origin: only the Host tells. Where only this machine reaches us
 * no browser should know us by another name; other programs may, and are told from browsers by
 * Accept-Language, which no page can leave out.
 */
function reboundCheck(config: Settings): (headers: Headers) => boolean {
  if (!isLoopback(config.host)) return () => false
  const isOurName = ourNames(config)
  return (headers) => {
    if (headers.get('accept-language') === null) return false
    const host = headers.get('host')
    const url = host === null ? null : URL.parse(`http://${host}`)
    return url !== null && !isOurName(url.hostname)
  }
}

export function pageRefused(origin: string | null): OrchestratorError {
  const page = origin === null ? 'a web page elsewhere' : `web pages of ${origin.slice(0, 200)}`
  const message = `Requests from ${page} are refused: PUBLIC_URL and CORS_ORIGINS name those that may ask`
  const details = origin === null ? {} : { origin: origin.slice(0, 200) }
  return new OrchestratorError('FORBIDDEN', message, details)
}

function unknownName(host: string | null): OrchestratorError {
  const name = String(host).slice(0, 200)
  const message = `Browsers may not use the name ${name} for this service: set PUBLIC_URL to allow it`
  return new OrchestratorError('FORBIDDEN', message, { host: name })
}
