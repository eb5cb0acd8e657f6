import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { LiveTokens } from '../../src/access/live-tokens.ts'
import { readTokensFile } from '../../src/access/tokens-file.ts'
import { allowRealTime } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { temporaryDir } from '../support/temporary.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

/** The tokens of a file whose changes the test tells of by itself. */
async function openTokens(path: string) {
  const clock = new FakeClock()
  const log = recordingLog()
  const watch: { changed(): void; failed(error: unknown): void; stopped: number } = {
    changed() {},
    failed() {},
    stopped: 0,
  }
  const tokens = await LiveTokens.open(path, {
    clock,
    log,
    watchFile(_, changed, failed) {
      Object.assign(watch, { changed, failed })
      return () => void watch.stopped++
    },
  })
  tokens.start()
  return { tokens, clock, log, watch, names: () => tokens.current.tokens.map(({ name }) => name) }
}

test('a change is read a moment later, once for all that tells of it', async () => {
  using file = tokensFile({ one: 'admin', two: 'tasks:read' })
  const { clock, log, watch, names } = await openTokens(file.path)
  expect(log.lines).toEqual([
    { level: 'INFO', msg: 'tokens are needed', fields: { file: file.path, tokens: 2 } },
  ])
  file.write(file.lines.two)
  for (let n = 0; n < 5; n++) watch.changed()
  await clock.advance(99)
  expect(names()).toEqual(['one', 'two'])
  await clock.advance(1)
  await clock.settle(() => names().length === 1)
  expect(log.messages('INFO')).toEqual(['tokens are needed', 'the tokens file was read again'])
})

test('what tells of no change is no line in the log, but a SIGHUP is', async () => {
  using file = tokensFile({ one: 'admin' })
  const { tokens, clock, log, watch } = await openTokens(file.path)
  watch.changed()
  await clock.advance(100)
  await tokens.reread()
  await tokens.reread()
  expect(log.messages('INFO')).toEqual([
    'tokens are needed',
    'the tokens file was read again',
    'the tokens file was read again',
  ])
})

test('a file with faults changes nothing, and is an error in the log, once', async () => {
  using file = tokensFile({ one: 'admin' })
  const { tokens, clock, log, names } = await openTokens(file.path)
  file.write(`${file.lines.one}\n${file.tokens.one} admin`)
  await clock.advance(30_000)
  await clock.settle(() => log.messages('ERROR').length > 0)
  await clock.advance(90_000)
  await tokens.reread()
  expect(names()).toEqual(['one'])
  const told = { file: file.path, tokens: 1, faults: [expect.stringMatching(/^line 2: it holds/)] }
  const error = {
    level: 'ERROR' as const,
    msg: 'the tokens file cannot be used: the tokens of before stay',
    fields: told,
  }
  // Once by itself, and once more for who asked.
  expect(log.lines.slice(1)).toEqual([error, error])
  expect(JSON.stringify(log.lines)).not.toContain(file.tokens.one.slice(4, 20))
  rmSync(file.path)
  await tokens.reread()
  expect(log.lines.at(-1)?.fields.faults).toEqual([
    expect.stringContaining('cannot be read: ENOENT'),
  ])
  expect(names()).toEqual(['one'])
  file.write('')
  await tokens.reread()
  expect(names()).toEqual([])
})

test('who is watched by nobody is read every 30 s, and it is said', async () => {
  using file = tokensFile({ one: 'admin', two: 'admin' })
  const { clock, log, watch, names } = await openTokens(file.path)
  watch.failed(new Error('ENOSPC: no space left on device'))
  expect(log.messages('WARNING')).toEqual([
    'the tokens file cannot be watched: it is read every 30 s, and at SIGHUP',
  ])
  file.write(file.lines.two)
  await clock.advance(30_000)
  await clock.settle(() => names().length === 1)
})

test('nothing happens after the stop, and nothing is left behind', async () => {
  using file = tokensFile({ one: 'admin' })
  const { tokens, clock, watch, names } = await openTokens(file.path)
  watch.changed()
  const reading = tokens.reread()
  file.write('')
  tokens.stop()
  await reading
  expect([names(), clock.pending, watch.stopped]).toEqual([['one'], 0, 1])
})

test('tokens that have expired are named at the start', async () => {
  using file = tokensFile({ old: { scopes: ['admin'], expires: '2020-01-01' }, one: 'admin' })
  const { log } = await openTokens(file.path)
  expect(log.lines[0]?.fields).toMatchObject({ tokens: 2, expired: ['old'] })
})

describe('a file', () => {
  test('that cannot be used is not opened: all that is wrong is told', async () => {
    using file = tokensFile({ one: 'admin' })
    file.write('one root\ntwo\n')
    const failure = await failureOf(openTokens(file.path))
    expect(failure.message).toMatch(
      /cannot be used: line 1: word 2 is none of .*; line 2: it has no scope/,
    )
  })

  test.each([
    ['is missing', () => {}, /^it cannot be read: ENOENT/],
    ['is a folder', (path: string) => mkdirSync(path), /^it cannot be read: it is not a regular/],
    [
      'is too large',
      (path: string) => writeFileSync(path, '#'.repeat(1024 * 1024 + 1)),
      /^it cannot be read: it is larger than 1048576 bytes$/,
    ],
    [
      'is not text',
      (path: string) => writeFileSync(path, new Uint8Array([99, 0xff, 10])),
      /^it is not text in UTF-8$/,
    ],
  ])('that %s is a fault', async (_, make, message) => {
    using dir = temporaryDir()
    make(dir.file('tokens'))
    const { faults, tokens } = await readTokensFile(dir.file('tokens'))
    expect([faults, tokens]).toEqual([[expect.stringMatching(message)], []])
  })

  test.each([
    [0o600, []],
    [0o640, []],
    [0o644, ['everybody on this machine may read it: chmod o-rwx']],
    [0o646, ['everybody on this machine may change it: chmod o-rwx']],
  ])('with the mode %o has these warnings: %j', async (mode, warnings) => {
    using file = tokensFile({ one: 'admin' })
    chmodSync(file.path, mode)
    expect((await readTokensFile(file.path)).warnings).toEqual(warnings)
  })

  test('with a byte order mark is one without', async () => {
    using file = tokensFile({ one: 'admin' })
    file.write(`\ufeff${file.lines.one}\r\n`)
    expect((await readTokensFile(file.path)).tokens).toHaveLength(1)
  })
})
