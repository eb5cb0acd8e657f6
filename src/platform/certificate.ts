/** The certificate that the service shows, and its private key: both PEM (RFC 7468). */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Config } from '../config/config.ts'
import { errorText } from '../errors.ts'

export interface Certificate {
  /** The leaf first, then those between it and the root. */
  readonly cert: string
  readonly key: string
}

/** null: plain HTTP. Throws with a line for people, which names the setting. */
export function readCertificate({ certFile, keyFile }: Config['tls']): Certificate | null {
  if (certFile === null || keyFile === null) return null
  const inCert = `TLS_CERT_FILE=${JSON.stringify(certFile)}`
  const inKey = `TLS_KEY_FILE=${JSON.stringify(keyFile)}`
  const cert = told(inCert, 'cannot be read', () => readFileSync(certFile, 'utf8'))
  const key = told(inKey, 'cannot be read', () => readFileSync(keyFile, 'utf8'))
  const leaf = told(inCert, 'holds no certificate in PEM', () => new X509Certificate(cert))
  // A key with a passphrase is none here: who would type it?
  const ours = told(inKey, 'holds no private key in PEM without a passphrase', () =>
    createPrivateKey(key),
  )
  if (!leaf.checkPrivateKey(ours)) throw new Error(`${inKey}: is not the key of ${inCert}`)
  // The other certificates of the file.
  told(inCert, 'cannot be used', () => createSecureContext({ cert, key }))
  return { cert, key }
}

/** What is wrong with the files of the settings, in a line; null: nothing. */
export function certificateFault(tls: Config['tls']): string | null {
  try {
    readCertificate(tls)
    return null
  } catch (error) {
    return errorText(error)
  }
}

function told<T>(setting: string, fault: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${setting}: ${fault} (${errorText(error)})`, { cause: error })
  }
}
