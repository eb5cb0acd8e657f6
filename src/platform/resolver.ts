import { codeOf } from '../errors.ts'
import type { Resolve, Resolved } from '../ports.ts'

/** Error codes of c-ares, and libc's for the same. */
const CODES: Readonly<Record<string, string>> = {
  DNS_ENOTFOUND: 'ENOTFOUND',
  DNS_ENODATA: 'ENOTFOUND',
  DNS_ETIMEOUT: 'EAI_AGAIN',
  DNS_ECONNREFUSED: 'EAI_AGAIN',
}

/**
 * Look-ups of libc at once. Each blocks a thread of the pool that files and content codings need,
 * too, for as long as the name service hangs.
 */
const MAX_OF_LIBC = 2

/**
 * The real name service. c-ares looks into /etc/hosts and asks the servers of /etc/resolv.conf
 * without taking a thread. What it does not find, libc may: a machine's own name, or one of mDNS,
 * by the modules of nsswitch.conf. A server that does not answer is given up after 10 to 25 s.
 */
export function systemResolver(): Resolve {
  let ofLibc = 0

  async function askLibc(name: string): Promise<Resolved> {
    ofLibc++
    try {
      return await lookUp(name, 'libc')
    } finally {
      ofLibc--
    }
  }

  return (name) =>
    lookUp(name, 'c-ares').catch((error: { code: string }) => {
      if (error.code !== 'ENOTFOUND' || ofLibc >= MAX_OF_LIBC) throw error
      return askLibc(name)
    })
}

async function lookUp(name: string, backend: 'c-ares' | 'libc'): Promise<Resolved> {
  try {
    const found = await Bun.dns.lookup(name, { backend })
    const addresses = new Set(found.map(({ address }) => address))
    const ttlMs = 1000 * Math.min(...found.map(({ ttl }) => ttl))
    return { addresses: [...addresses], ttlMs }
  } catch (error) {
    const code = String(codeOf(error))
    const failure = new Error(`${name} cannot be looked up: ${code}`, { cause: error })
    throw Object.assign(failure, { code: CODES[code] ?? 'EAI_FAIL' })
  }
}
