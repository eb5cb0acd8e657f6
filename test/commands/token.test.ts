import { describe, expect, test } from 'bun:test'
import { parseTokens } from '../../src/access/token-lines.ts'
import { TokenSet } from '../../src/access/tokens.ts'
import { check } from '../../src/commands/check.ts'
import { token } from '../../src/commands/token.ts'
import { scriptedIo } from '../support/command-io.ts'
import { temporaryDir } from '../support/temporary.ts'
import { randomBytes, tokensFile } from '../support/tokens-file.ts'

const PORTS = { clock: { now: () => Date.parse('2026-11-26T12:00:00Z') }, random: randomBytes }

async function run(...args: string[]) {
  const io = scriptedIo()
  const code = await token(args, io, PORTS)
  return { code, out: io.out.split('\n'), err: io.err }
}

test('prints the token, and the line with which it is let in', async () => {
  const { code, out, err } = await run(
    ...['ci', '--scope', 'tasks:write', '--scope=tasks:read,tasks:write'],
    ...['--droplet', 'Echo', '--droplet', 'bill-*', '--expires', '2026-11-26'],
  )
  const [made, line, end] = out
  expect([code, out.length, end]).toEqual([0, 3, ''])
  expect(line).toMatch(
    /^ci tasks:write,tasks:read droplets=Echo,bill-\* expires=2026-11-26 sha256:[0-9a-f]{64}$/,
  )
  const found = new TokenSet(parseTokens(line!).tokens).find(made!)
  expect([found?.name, [...found!.scopes]]).toEqual(['ci', ['tasks:write', 'tasks:read']])
  expect(err).toBe('')
})

test('says on a terminal what that is', async () => {
  const io = { ...scriptedIo({ AUTH_TOKENS_FILE: '/etc/fpai/tokens' }), isTerminal: true }
  let out = ''
  io.stdout = (text) => ((out += text), true)
  expect(await token(['ci', '--scope', 'admin'], io, PORTS)).toBe(0)
  expect(out.split('\n')).toEqual([
    'The token of ci, shown this once and kept nowhere:',
    expect.stringMatching(/^orc_\w{36}$/),
    'The line to add to /etc/fpai/tokens:',
    expect.stringMatching(/^ci admin sha256:/),
    '',
  ])
})

test('another is made each time', async () => {
  const [one, two] = [await run('ci', '--scope', 'admin'), await run('ci', '--scope', 'admin')]
  expect(one.out[0]).not.toBe(two.out[0]!)
})

describe('is refused', () => {
  test.each<[string[], string]>([
    [['--scope', 'admin'], 'A token needs a name'],
    [['-x', '--scope', 'admin'], "There is no option '-x' here."],
    [['a b', '--scope', 'admin'], 'The name must be 1 to 64 letters, digits'],
    [['ci', 'x', '--scope', 'admin'], "Unexpected argument 'x'"],
    [['ci'], 'A token needs a --scope: one of tasks:read, tasks:write, admin'],
    [['ci', '--scope', ''], '--scope : must be one of tasks:read, tasks:write, admin'],
    [
      ['ci', '--scope', 'task:read'],
      '--scope task:read: must be one of tasks:read, tasks:write, admin',
    ],
    [['ci', '--scopes', 'admin'], "There is no option '--scopes' here. Did you mean '--scope'?"],
    [['ci', '--scope'], "Option '--scope <value>' argument missing"],
    [['ci', '--scope', 'admin', '--droplet', ''], '--droplet "" is empty'],
    [['ci', '--scope', 'admin', '--droplet', 'a,b'], '--droplet "a,b" has white space or a comma'],
    [['ci', '--scope', 'admin', '--droplet', 'a b'], '--droplet "a b" has white space'],
    [['ci', '--scope', 'admin', '--droplet', '*a'], '--droplet "*a" has a * that is not its end'],
    [['ci', '--scope', 'admin', '--expires', '2027-1-1'], '--expires 2027-1-1: must be a day such'],
    [
      ['ci', '--scope', 'admin', '--expires', '2026-11-25'],
      '--expires 2026-11-25: that day is over',
    ],
  ])('%j', async (args, reason) => {
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([64, ['']])
    expect(err).toStartWith(reason)
    expect(err).toContain('\nUsage: orchestrator token NAME --scope SCOPE…')
  })
})

describe('check looks at the tokens file', () => {
  async function checked(path: string) {
    const io = scriptedIo({ AUTH_TOKENS_FILE: path, TASK_DB: ':memory:' })
    return { code: await check([], io), out: io.out, err: io.err }
  }

  test('and is content with a good one', async () => {
    using file = tokensFile({ ci: 'admin' })
    const { code, out, err } = await checked(file.path)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^AUTH_TOKENS_FILE +\//m)
  })

  test('and tells all its faults, with exit code 78', async () => {
    using file = tokensFile({ ci: 'admin' })
    file.write(`${file.lines.ci}\n${file.lines.ci}\nci ${file.tokens.ci}\n`)
    const { code, out, err } = await checked(file.path)
    expect([code, out]).toEqual([78, ''])
    const at = `AUTH_TOKENS_FILE="${file.path}"`
    expect(err.split('\n')).toEqual([
      `${at}: line 2: it has the hash of line 1`,
      expect.stringContaining(`${at}: line 3: it holds a token in place of its hash`),
      '',
    ])
    expect(err).not.toContain('orc_')
  })

  test('and warns of an empty one, and says where there is none', async () => {
    using file = tokensFile({ ci: 'admin' })
    file.write('')
    const { code, err } = await checked(file.path)
    expect(code).toBe(0)
    expect(err).toContain('it holds no tokens: nobody gets in\n')
    using dir = temporaryDir()
    expect(await checked(dir.file('none'))).toMatchObject({
      code: 78,
      err: expect.stringContaining('it cannot be read: ENOENT'),
    })
  })
})
