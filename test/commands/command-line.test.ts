import { describe, expect, test } from 'bun:test'
import { COMMANDS } from '../../src/commands/all.ts'
import { CHECK, check } from '../../src/commands/check.ts'
import { readCommandLine } from '../../src/commands/command-line.ts'
import { dev } from '../../src/commands/dev.ts'
import { HEALTH } from '../../src/commands/health.ts'
import { SERVE } from '../../src/commands/serve.ts'
import { scriptedIo } from '../support/command-io.ts'

/** Of all commands and groups, and of the commands in groups. */
const NAMES = COMMANDS.flatMap((each) => [
  each.name,
  ...('commands' in each ? each.commands.map(({ name }) => name) : []),
])

describe('help', () => {
  test.each(NAMES)('on %s, however it is asked for', (name) => {
    const command = name.split(' ')
    const forms = [
      ['help', ...command],
      ['--help', ...command],
      [...command, '--help'],
      [...command, '-h'],
      [...command, 'help'],
      [...command, '--port', '1', '--help'],
      ['--env-file', 'x', ...command, '--help'],
    ]
    for (const argv of forms) {
      const asked = readCommandLine(argv)
      expect(asked).toEqual({
        kind: 'tell',
        text: expect.stringMatching(
          new RegExp(`^Usage: orchestrator ${name}\\b[^]*  .*orchestrator`),
        ),
      })
    }
  })

  test('fits a terminal of 100 columns', () => {
    for (const argv of [['help'], ...NAMES.map((name) => ['help', ...name.split(' ')])]) {
      const asked = readCommandLine(argv)
      const widest =
        asked.kind === 'tell' ? Math.max(...asked.text.split('\n').map((l) => l.length)) : 0
      expect(widest).toBeWithin(1, 101)
    }
  })
})

describe('what to run', () => {
  test('is serve without a command', () => {
    const asked = readCommandLine([])
    expect(asked).toEqual({ kind: 'run', command: SERVE, args: [], envFiles: [] })
  })

  test('comes with its arguments, less the files with settings', () => {
    const argv = ['--env-file=a=b', 'health', 'http://h', '--env-file', 'c', '-x']
    expect(readCommandLine(argv)).toEqual({
      kind: 'run',
      command: HEALTH,
      args: ['http://h', '-x'],
      envFiles: ['a=b', 'c'],
    })
  })
})

describe('a typo', () => {
  test.each([
    [['sevre'], "There is no command 'sevre'. Did you mean 'serve'?"],
    [['Check'], "There is no command 'Check'. Did you mean 'check'?"],
    [['help', 'opanapi'], "There is no command 'opanapi'. Did you mean 'openapi'?"],
    [['--hlep'], "There is no option '--hlep'. Did you mean '--help'?"],
    [['--port', '9000'], "There is no option '--port'. Set PORT=9000 in the environment."],
    [
      ['--log-level=x=y'],
      "There is no option '--log-level'. Set LOG_LEVEL=x=y in the environment.",
    ],
    [['frobnicate'], "There is no command 'frobnicate'."],
    [['toString'], "There is no command 'toString'."],
    [['check', '--env-file'], '--env-file needs a file'],
    [['check', '--env-file='], '--env-file needs a file'],
  ])('%p', (argv, reason) => {
    expect(readCommandLine(argv)).toMatchObject({ kind: 'refuse', reason })
  })

  test.each([
    [['--prt', '3'], "There is no option '--prt' here. Did you mean '--port'?"],
    [['--registry', '3'], "There is no option '--registry' here."],
    [['--port'], "Option '--port <value>' argument missing"],
    [['--port', 'x'], '--port x: must be a whole number from 0 to 65535'],
    [['--port', '1', 'now'], "Unexpected argument 'now'"],
    [['--port', '-1'], "Option '--port' argument is ambiguous"],
  ])('dev %p: one line, without codes or advice', async (args, reason) => {
    const io = scriptedIo()
    expect(await dev(args, io)).toBe(64)
    expect(io.err).toBe(`${reason}\nUsage: orchestrator dev [--port N] [--registry-port N]\n`)
  })

  test.each([
    [['--port', '9000'], "'--port' here. Set PORT=9000 in the environment."],
    [['--task-db=/x y.db'], "'--task-db' here. Set TASK_DB=/x y.db in the environment."],
    [['--host'], "'--host' here. Set HOST in the environment."],
    [
      ['--register-self', '--port'],
      "'--register-self' here. Set REGISTER_SELF in the environment.",
    ],
    [['--prt', '1'], "'--prt' here."],
    [['-port', '1'], "'-p' here."],
    [['--to-string'], "'--to-string' here."],
  ])('serve and check %p: a setting is no option', async (args, reason) => {
    for (const { name, run } of [CHECK, SERVE]) {
      const io = scriptedIo()
      expect(await run(args, io)).toBe(64)
      expect(io.err).toBe(`There is no option ${reason}\nUsage: orchestrator ${name}\n`)
    }
  })

  test('of an option that is for all commands', async () => {
    const io = scriptedIo()
    expect(await check(['--env-fiel', 'x'], io)).toBe(64)
    expect(io.err).toStartWith("There is no option '--env-fiel' here. Did you mean '--env-file'?\n")
  })
})
