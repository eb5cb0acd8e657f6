import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Config } from '../config/config.ts'
import { withoutBrackets } from '../config/urls.ts'
import { certSetting, type Certificate } from './certificate.ts'

/**
 * Whether the certificate is for the host of PUBLIC_URL; null: it is, or there is no such name. Those
 * who call us there would refuse it.
 */
export function nameFault(
  tls: Config['tls'],
  { cert }: Certificate,
  publicUrl: string | null,
): string | null {
  if (!publicUrl?.startsWith('https:')) return null
  const host = withoutBrackets(new URL(publicUrl).hostname)
  const leaf = new X509Certificate(cert)
  const isFor = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)
  return isFor ? null : `${certSetting(tls)}: is not for ${host}, the host of PUBLIC_URL`
}

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
