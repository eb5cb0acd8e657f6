import { describe, expect, test } from 'bun:test'
import { envFile } from '../../src/commands/env-file.ts'
import { reloadLogLevel } from '../../src/commands/log-level.ts'
import { recordingLog } from '../support/log.ts'

interface World {
  env?: Record<string, string>
  /** UNIT_SETTINGS; null: it cannot be read. */
  unit?: Record<string, string> | null
  /** Of an `--env-file`; null: it cannot be read. */
  file?: string | null
}

/** Starts with one world, reloads with the other; tells the level and the last line. */
function reloaded(before: World, after: World) {
  const log = recordingLog()
  log.setLevel('INFO')
  let world = before
  const reload = reloadLogLevel(
    {
      ownEnv: before.env ?? {},
      unitSettings: () => (world.unit === undefined ? {} : world.unit),
      readEnvFiles: () => {
        if (world.file === null) throw new Error('ENOENT: no such file')
        return world.file === undefined ? [] : [envFile('a.env', world.file)]
      },
    },
    log,
  )
  world = { ...before, ...after }
  reload()
  return { level: log.level, line: log.lines.at(-1)! }
}

const BY_SYSTEMD = { INVOCATION_ID: 'x' }

describe('the level of a file', () => {
  test.each([
    ['changed', { file: 'LOG_LEVEL=INFO' }, { file: 'LOG_LEVEL=debug' }, 'DEBUG'],
    ['added', { file: 'PORT=1' }, { file: 'LOG_LEVEL=ERROR' }, 'ERROR'],
    [
      'changed in the unit',
      { env: { ...BY_SYSTEMD, LOG_LEVEL: 'INFO' }, unit: { LOG_LEVEL: 'INFO' } },
      { unit: { LOG_LEVEL: 'WARNING' } },
      'WARNING',
    ],
    ['added to the unit', { env: BY_SYSTEMD }, { unit: { LOG_LEVEL: 'DEBUG' } }, 'DEBUG'],
    [
      'taken out of the unit, with one in an --env-file',
      { env: { ...BY_SYSTEMD, LOG_LEVEL: 'INFO' }, unit: { LOG_LEVEL: 'INFO' } },
      { unit: {}, file: 'LOG_LEVEL=ERROR' },
      'ERROR',
    ],
    [
      'not from the unit, below an --env-file',
      { env: BY_SYSTEMD, file: 'LOG_LEVEL=INFO' },
      { file: 'LOG_LEVEL=DEBUG' },
      'DEBUG',
    ],
  ] as [string, World, World, string][])('%s', (_, before, after, level) => {
    const { line, ...rest } = reloaded(before, after)
    expect(rest.level).toBe(level as 'INFO')
    expect(line).toEqual({
      level: 'INFO',
      msg: 'the log level was changed',
      fields: { from: 'INFO', to: level },
    })
  })

  test('taken out: the default', () => {
    const { line } = reloaded({ file: 'LOG_LEVEL=INFO' }, { file: '' })
    expect(line).toMatchObject({ msg: 'the log level stays', fields: { level: 'INFO' } })
    expect(line.fields.reason).toBeUndefined()
  })
})

describe('a level from elsewhere wins for ever, and the log says so', () => {
  test.each([
    ['no systemd', { env: { LOG_LEVEL: 'INFO' }, unit: { LOG_LEVEL: 'INFO' } }],
    ['another than in the file', { env: { ...BY_SYSTEMD, LOG_LEVEL: 'INFO' }, unit: {} }],
  ] as [string, World][])('%s', (_, before) => {
    const after = { unit: { LOG_LEVEL: 'DEBUG' }, file: 'LOG_LEVEL=DEBUG' }
    expect(reloaded(before, after)).toEqual({
      level: 'INFO',
      line: {
        level: 'INFO',
        msg: 'the log level stays',
        fields: {
          level: 'INFO',
          reason: 'LOG_LEVEL is set in the environment, which counts more than a file',
        },
      },
    })
  })
})

test('a file of the unit that only systemd reads: said, and no error', () => {
  const before = { env: { ...BY_SYSTEMD, LOG_LEVEL: 'INFO' }, unit: null }
  const { level, line } = reloaded(before, {})
  expect([level, line.level, line.msg]).toEqual(['INFO', 'INFO', 'the log level stays'])
  expect(line.fields.reason).toStartWith('only systemd can read /etc/fpai/orchestrator.env')
})

describe('what is wrong keeps the level, with an error', () => {
  test('a value that is none', () => {
    expect(reloaded({ file: '' }, { file: 'LOG_LEVEL=loud' })).toEqual({
      level: 'INFO',
      line: {
        level: 'ERROR',
        msg: 'the log level is not valid',
        fields: { value: 'loud', allowed: 'DEBUG, INFO, WARNING or ERROR', kept: 'INFO' },
      },
    })
  })

  test.each([
    ['an --env-file that is gone', { file: '' }, { file: null }, 'ENOENT: no such file'],
    [
      'a file of the unit that cannot be read any more',
      { env: { ...BY_SYSTEMD, LOG_LEVEL: 'INFO' }, unit: { LOG_LEVEL: 'INFO' } },
      { unit: null },
      '/etc/fpai/orchestrator.env cannot be read',
    ],
  ] as [string, World, World, string][])('%s', (_, before, after, error) => {
    expect(reloaded(before, after)).toEqual({
      level: 'INFO',
      line: {
        level: 'ERROR',
        msg: 'the log level cannot be read again',
        fields: { error, kept: 'INFO' },
      },
    })
  })
})
