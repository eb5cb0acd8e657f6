/** Tokens as their user has them: made by the binary, put into a file, sent with each request. */
import { describe, expect, test } from 'bun:test'
import { appendFileSync, chmodSync, renameSync, writeFileSync } from 'node:fs'
import { runBinary } from '../support/binary.ts'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const TASKS = '/orchestrator/tasks'
const REREAD = 'the tokens file was read again'
const REFUSED = 'the tokens file cannot be used: the tokens of before stay'

async function makeToken(...args: string[]) {
  const { code, stdout, stderr } = await runBinary(['token', ...args])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [token, line] = stdout.split('\n')
  return { token: token!, line: line! }
}

const statusWith = async (service: Service, token: string) =>
  (await service.call('GET', TASKS, { headers: { authorization: `Bearer ${token}` } })).status

test('a token is made, put into the file, and lets in', async () => {
  const ci = await makeToken('ci', '--scope', 'tasks:write', '--droplet', 'ec*')
  await using droplet = scriptedServer(json({ fine: true }))
  using home = serviceHome({ echo: droplet.url, other: droplet.url })
  const file = home.file('tokens')
  writeFileSync(file, `# Who may use it\n${ci.line}\n`, { mode: 0o600 })
  await using service = await home.start({ AUTH_TOKENS_FILE: file })
  const bearer = { authorization: `Bearer ${ci.token}` }
  expect((await service.submit()).status).toBe(401)
  expect((await service.submit({}, bearer)).json.status).toBe('success')
  expect((await service.submit({ droplet_name: 'other' }, bearer)).status).toBe(403)
  expect(await statusWith(service, ci.token)).toBe(403)
  expect((await runBinary(['health', service.url])).code).toBe(0)
  expect(service.log('tokens are needed')).toMatchObject([{ file, tokens: 1 }])
  expect(service.log('request').map(({ status, caller }) => [status, caller])).toEqual([
    [401, undefined],
    [200, 'ci'],
    [403, 'ci'],
    [403, 'ci'],
  ])
  expect(service.stdout).not.toContain('orc_')
})

describe('the file is read again', () => {
  test('when it is written to, or another is moved over it, again and again', async () => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((n) => makeToken(n, '--scope', 'admin')),
    )
    using home = serviceHome()
    const file = home.file('tokens')
    writeFileSync(file, `${one!.line}\n`, { mode: 0o600 })
    await using service = await home.start({ AUTH_TOKENS_FILE: file })
    const lets = (token: string, status: number) =>
      eventually(`${status}`, async () => (await statusWith(service, token)) === status)
    await lets(one!.token, 200)
    await lets(two!.token, 401)
    appendFileSync(file, `${two!.line}\n`)
    await lets(two!.token, 200)
    for (const text of [two!.line, `${one!.line}\n${two!.line}`, two!.line]) {
      writeFileSync(home.file('next'), `${text}\n`, { mode: 0o600 })
      renameSync(home.file('next'), file)
      await lets(one!.token, text.includes(one!.line) ? 200 : 401)
      await lets(two!.token, 200)
    }
  })

  test('at SIGHUP; one with faults changes nothing, and is an error in the log', async () => {
    const { token, line } = await makeToken('ci', '--scope', 'admin')
    using home = serviceHome()
    const file = home.file('tokens')
    writeFileSync(file, line, { mode: 0o600 })
    await using service = await home.start({ AUTH_TOKENS_FILE: file })
    service.signal('SIGHUP')
    await eventually('read again', () => service.log(REREAD).length === 1)
    writeFileSync(file, `${line}\nci admin ${token}\n`)
    await eventually('refused', () => service.log(REFUSED).length === 1)
    expect(service.log(REFUSED)).toMatchObject([{ level: 'ERROR', file, tokens: 1 }])
    expect(await statusWith(service, token)).toBe(200)
    service.signal('SIGHUP')
    await eventually('refused again', () => service.log(REFUSED).length === 2)
    expect(await statusWith(service, token)).toBe(200)
    writeFileSync(file, '')
    await eventually('nobody', async () => (await statusWith(service, token)) === 401)
    expect(service.stdout).not.toContain(token.slice(4, 20))
    service.signal('SIGTERM')
    expect(await service.exited).toBe(0)
  })
})

describe('at the start', () => {
  test('a file with faults: all of them on stderr, none of its text, exit code 78', async () => {
    const { token, line } = await makeToken('ci', '--scope', 'admin')
    using home = serviceHome()
    const file = home.file('tokens')
    writeFileSync(file, `${line}\nci root ${line.split(' ').at(-1)}\n${token}\n`, { mode: 0o600 })
    for (const command of ['serve', 'check', 'dev']) {
      const args = command === 'dev' ? ['--port', '0', '--registry-port', '0'] : []
      const env = { ...home.env, AUTH_TOKENS_FILE: file }
      const { code, stdout, stderr } = await runBinary([command, ...args], { env })
      expect({ command, code, stdout }).toEqual({ command, code: 78, stdout: '' })
      expect(stderr.split('\n')).toEqual([
        expect.stringContaining('line 2: word 2 is none of'),
        expect.stringContaining('line 3: it holds a token'),
        '',
      ])
      expect(stderr).toStartWith(`AUTH_TOKENS_FILE="${file}": `)
      for (const secret of [token, line.slice(-64)]) expect(stderr).not.toContain(secret)
    }
  })

  test('a file that is not there: exit code 78', async () => {
    using home = serviceHome()
    const env = { ...home.env, AUTH_TOKENS_FILE: home.file('none') }
    const { code, stderr } = await runBinary(['serve'], { env })
    expect(code).toBe(78)
    expect(stderr).toMatch(/^AUTH_TOKENS_FILE="[^"]*": it cannot be read: ENOENT[^\n]*\n$/)
  })

  test('a file that everybody may read is warned of', async () => {
    using home = serviceHome({})
    const file = home.file('tokens')
    writeFileSync(file, '')
    chmodSync(file, 0o644)
    await using service = await home.start({ AUTH_TOKENS_FILE: file })
    const warnings = service.log().filter(({ level }) => level === 'WARNING')
    expect(warnings.map(({ msg }) => msg)).toEqual([
      'the tokens file: it holds no tokens: nobody gets in',
      'the tokens file: everybody on this machine may read it: chmod o-rwx',
    ])
  })
})
