import { expect, test } from 'bun:test'
import { warnIfOpenToAll } from '../../src/commands/open-to-all.ts'
import { testConfig } from '../support/config.ts'
import { recordingLog } from '../support/log.ts'

function warningsFor(host: string, tokensFile: string | null = null): string[] {
  const log = recordingLog()
  warnIfOpenToAll(testConfig({ host, access: { tokensFile } }), log)
  return log.messages('WARNING')
}

test.each(['0.0.0.0', '::', '10.0.0.6', 'fd00::1', '::ffff:10.0.0.6', 'orc', 'localhost.example'])(
  'a service without tokens at %s is warned of, one with tokens is not',
  (host) => {
    expect(warningsFor(host)).toEqual(['everybody who reaches this address may use the service'])
    expect(warningsFor(host, '/etc/fpai/tokens')).toEqual([])
  },
)

test.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', 'localhost', 'a.LOCALHOST'])(
  'only this machine reaches %s',
  (host) => expect(warningsFor(host)).toEqual([]),
)
