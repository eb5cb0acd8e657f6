import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'bun:test'
import { certificateFault, readCertificate } from '../../src/platform/certificate.ts'
import { pemFiles } from '../support/pem-files.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../support/self-signed.ts'

const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

function ecKey(passphrase?: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString()
}

test('a certificate and its key', () => {
  using files = pemFiles()
  expect(readCertificate(files)).toEqual({ cert: CERTIFICATE, key: PRIVATE_KEY })
  expect(certificateFault(files)).toBeNull()
  expect(readCertificate({ certFile: null, keyFile: null })).toBeNull()
})

test('what is wrong is told in a line that names the setting', () => {
  using files = pemFiles()
  const { certFile, keyFile, write } = files
  const cases = [
    [{ certFile: '/none.pem', keyFile }, 'TLS_CERT_FILE="/none.pem": cannot be read (ENOENT'],
    [{ certFile, keyFile: '/none.pem' }, 'TLS_KEY_FILE="/none.pem": cannot be read (ENOENT'],
    [{ certFile: keyFile, keyFile }, 'holds no certificate in PEM'],
    [{ certFile: write('empty', ''), keyFile }, 'holds no certificate in PEM'],
    [{ certFile, keyFile: certFile }, 'holds no private key in PEM'],
    [{ certFile, keyFile: write('secret', ecKey('x')) }, 'holds no private key in PEM'],
    [{ certFile, keyFile: write('other', ecKey()) }, `is not the key of TLS_CERT_FILE=`],
    [{ certFile: write('chain', `${CERTIFICATE}\n${BROKEN}`), keyFile }, 'cannot be used'],
  ] as const
  for (const [tls, fault] of cases) {
    const told = certificateFault(tls)
    expect(told).toContain(fault)
    expect(told).toMatch(/^TLS_(CERT|KEY)_FILE="[^\n]*$/)
    expect(told).not.toContain('PRIVATE KEY')
  }
})
