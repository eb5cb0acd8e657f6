import { X509Certificate } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { certSetting, type Certificate } from './certificate.ts'

/**
 * What callers will object to, in a line for people; null: nothing. It stops no start: some callers
 * check no certificate, and one that is renewed later needs a restart anyway. `now`: wall clock, ms.
 */
export function validityFault(
  tls: Config['tls'],
  { cert }: Certificate,
  now: number,
): string | null {
  const { validFromDate, validToDate } = new X509Certificate(cert)
  if (now < validFromDate.getTime())
    return `${certSetting(tls)}: is valid only from ${validFromDate.toISOString()} on`
  return now > validToDate.getTime()
    ? `${certSetting(tls)}: has expired at ${validToDate.toISOString()}`
    : null
}
