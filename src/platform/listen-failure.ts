/** Why a server cannot listen, in words for whoever starts it. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { codeOf, errorText } from '../errors.ts'
import { failureText } from './network-failure.ts'

/** Bun's text for the first one is its advice to programmers. */
const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EAFNOSUPPORT: 'this machine has no addresses of that kind',
  EACCES: 'only root, or who has CAP_NET_BIND_SERVICE, may use that port',
}

/** Rejects, with a `code`, when no address is known. */
export type LookUp = (name: string) => Promise<unknown>

/**
 * `Cannot listen on 127.0.0.1:8001: the port is in use`. Bun gives the same error for a name
 * without an address as for a port in use, so a name is looked up again. `portHint`: what to do
 * when the port is in use.
 */
export async function listenFailure(
  error: unknown,
  { host, port }: { host: string; port: number },
  portHint = '',
  lookUp: LookUp = lookup,
): Promise<string> {
  const unknown = isIP(host) === 0 ? await lookUpFailure(host, lookUp) : null
  if (unknown !== null) return `Cannot listen on ${host}: ${unknown}`
  const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const code = String(codeOf(error))
  const hint = code === 'EADDRINUSE' && portHint ? `; ${portHint}` : ''
  return `Cannot listen on ${at}: ${WORDS[code] ?? errorText(error)}${hint}`
}

/**
 * Whether a service could listen there now: tries it, for a moment. null: it could; else the error,
 * which `listenFailure` puts into words.
 */
export function listenError({ host, port }: { host: string; port: number }): unknown {
  try {
    Bun.listen({ hostname: host, port, socket: { data() {} } }).stop(true)
    return null
  } catch (error) {
    return error
  }
}

/** null: the name has an address. */
async function lookUpFailure(name: string, lookUp: LookUp): Promise<string | null> {
  try {
    await lookUp(name)
    return null
  } catch (error) {
    const isUnknown = /NOTFOUND|NODATA/.test(String(codeOf(error)))
    return isUnknown ? 'no address is known for that name' : failureText(error)
  }
}
