import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'bun:test'
import { errorText } from '../../src/errors.ts'
import { readCertificate } from '../../src/platform/certificate.ts'
import { validityFault } from '../../src/platform/certificate-validity.ts'
import { pemFiles } from '../support/pem-files.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../support/self-signed.ts'

const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

function ecKey(passphrase?: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString()
}

const NO_FILES = { certFile: null, keyFile: null }

test('a certificate and its key', async () => {
  using files = pemFiles()
  expect(await readCertificate(files)).toEqual({ cert: CERTIFICATE, key: PRIVATE_KEY })
  expect(await readCertificate(NO_FILES)).toBeNull()
})

test('a byte order mark, as editors of Windows write it, is no part of the certificate', async () => {
  using files = pemFiles()
  const certFile = files.write('marked.pem', `\ufeff${CERTIFICATE.replaceAll('\n', '\r\n')}`)
  expect(await readCertificate({ ...files, certFile })).not.toBeNull()
})

test('one that is not valid yet, or no more, is told of', () => {
  const tls = { certFile: '/cert.pem', keyFile: '/key.pem' }
  const at = (day: string) =>
    validityFault(tls, { cert: CERTIFICATE, key: PRIVATE_KEY }, Date.parse(day))
  expect(at('2026-11-25')).toBe(
    'TLS_CERT_FILE="/cert.pem": is valid only from 2026-11-26T00:03:29.000Z on',
  )
  expect(at('2030-01-01')).toBeNull()
  expect(at('2126-11-03')).toBe(
    'TLS_CERT_FILE="/cert.pem": has expired at 2126-11-02T00:03:29.000Z',
  )
})

test('what is wrong is told in a line that names the setting', async () => {
  using files = pemFiles()
  const { certFile, keyFile, write } = files
  const cases = [
    [{ certFile: '/none.pem', keyFile }, 'TLS_CERT_FILE="/none.pem": cannot be read (ENOENT'],
    [{ certFile, keyFile: '/none.pem' }, 'TLS_KEY_FILE="/none.pem": cannot be read (ENOENT'],
    [{ certFile: '/dev/zero', keyFile }, 'cannot be read (it is not a regular file)'],
    [{ certFile, keyFile: '/dev/zero' }, 'cannot be read (it is not a regular file)'],
    [{ certFile: keyFile, keyFile }, 'holds no certificate in PEM'],
    [{ certFile: write('empty', ''), keyFile }, 'holds no certificate in PEM'],
    [{ certFile, keyFile: certFile }, 'holds no private key in PEM'],
    [{ certFile, keyFile: write('secret', ecKey('x')) }, 'holds no private key in PEM'],
    [{ certFile, keyFile: write('other', ecKey()) }, `is not the key of TLS_CERT_FILE=`],
    [{ certFile: write('chain', `${CERTIFICATE}\n${BROKEN}`), keyFile }, 'cannot be used'],
  ] as const
  for (const [tls, fault] of cases) {
    const told = await readCertificate(tls).then(() => '', errorText)
    expect(told).toContain(fault)
    expect(told).toMatch(/^TLS_(CERT|KEY)_FILE="[^\n]*$/)
    expect(told).not.toContain('PRIVATE KEY')
  }
})
