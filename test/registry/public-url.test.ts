import { expect, test } from 'bun:test'
import { warnOfPublicUrl } from '../../src/registry/public-url.ts'
import { testConfig } from '../support/config.ts'
import { recordingLog } from '../support/log.ts'

function warnings(url: string, more: { publicUrl?: string; registerSelf?: boolean } = {}) {
  const { publicUrl = null, registerSelf = true } = more
  const log = recordingLog()
  const config = testConfig({ publicUrl, registry: { url, registerSelf } })
  warnOfPublicUrl(config, 'http://localhost:8001', log)
  return log.messages('WARNING')
}

test.each([
  'http://registry:8000',
  'https://10.0.0.7',
  'http://localhost.example',
  'http://[fe80::1]',
])('a Registry at %s would tell others an address of their own host', (url) => {
  const said = ['others cannot reach us at http://localhost:8001: set PUBLIC_URL']
  expect(warnings(url)).toEqual(said)
  expect(warnings(url, { publicUrl: 'http://me:8001' })).toEqual([])
  expect(warnings(url, { registerSelf: false })).toEqual([])
})

test.each([
  'http://localhost:8000',
  'http://registry.localhost',
  'http://127.0.0.1:8000',
  'http://127.1.2.3',
  'http://[::1]:8000',
  'http://[::ffff:127.0.0.1]',
  'http://0.0.0.0:8000',
  'file:///etc/droplets.json',
])('one at %s would not', (url) => {
  expect(warnings(url)).toEqual([])
})
