/** The certificate that the service presents, and its private key: both PEM (RFC 7468). */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Config } from '../config/config.ts'
import { errorText } from '../errors.ts'
import { readRegularFile } from './regular-file.ts'

/** Many times as much as the longest chain takes. */
const MAX_BYTES = 1024 * 1024

export interface Certificate {
  /** The leaf first, then those between it and the root. */
  readonly cert: string
  readonly key: string
}

/** null: plain HTTP. Rejects with a line for people, which names the setting. */
export async function readCertificate(tls: Config['tls']): Promise<Certificate | null> {
  const { certFile, keyFile } = tls
  if (certFile === null || keyFile === null) return null
  const inCert = certSetting(tls)
  const inKey = `TLS_KEY_FILE=${JSON.stringify(keyFile)}`
  const cert = await textOf(inCert, certFile)
  const key = await textOf(inKey, keyFile)
  const leaf = withFault(inCert, 'holds no certificate in PEM', () => new X509Certificate(cert))
  // A key with a passphrase is none here: who would type it?
  const privateKey = withFault(inKey, 'holds no private key in PEM without a passphrase', () =>
    createPrivateKey(key),
  )
  if (!leaf.checkPrivateKey(privateKey)) throw new Error(`${inKey}: is not the key of ${inCert}`)
  // Also reads the other certificates of the file.
  withFault(inCert, 'cannot be used', () => createSecureContext({ cert, key }))
  return { cert, key }
}

/** As faults name it. */
export const certSetting = ({ certFile }: Config['tls']) =>
  `TLS_CERT_FILE=${JSON.stringify(certFile)}`

/** Without its byte order mark. */
async function textOf(setting: string, path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readRegularFile(path, MAX_BYTES))
  } catch (error) {
    throw new Error(`${setting}: cannot be read (${errorText(error)})`, { cause: error })
  }
}

/** Does the work; what it throws gets the setting and the fault before it. */
function withFault<T>(setting: string, fault: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${setting}: ${fault} (${errorText(error)})`, { cause: error })
  }
}
