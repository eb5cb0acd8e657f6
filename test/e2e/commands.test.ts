/** The commands that print something and end. */
import { describe, expect, test } from 'bun:test'
import { readdirSync, writeFileSync } from 'node:fs'
import { version } from '../../package.json'
import { COMMANDS } from '../../src/commands/all.ts'
import { binaryPath, runBinary, runProcess } from '../support/binary.ts'
import { freePort, serviceHome } from '../support/binary-service.ts'
import { openApi } from '../support/documented.ts'
import { allowRealTime } from '../support/eventually.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const lines = (text: string) => text.trimEnd().split('\n')

describe('usage', () => {
  test('--version prints the version of package.json', async () => {
    for (const flag of ['--version', '-V', '-v', 'version']) {
      expect(await runBinary([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    }
  })

  test('--help names every command', async () => {
    for (const flag of ['--help', '-h', 'help']) {
      const { code, stdout, stderr } = await runBinary([flag])
      expect([code, stderr]).toEqual([0, ''])
      for (const { name } of COMMANDS) {
        expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
      }
    }
  })

  test.each([
    [['sevre']],
    [['--verbose']],
    [['toString']],
    [['serve', '--prot', '1']],
    [['serve', 'now']],
    [['check', '--all']],
    [['openapi', 'x']],
    [['systemd', '-q']],
    [['compose', 'x']],
    [['health', 'http://127.0.0.1:1', 'x']],
    [['backup']],
    [['backup', 'a', 'b']],
    [['backup', '--force', 'a']],
    [['dev', '--port']],
    [['dev', '--port', '99999']],
    [['token']],
    [['token', 'ci']],
    [['token', 'ci', '--scope', 'tasks:wirte']],
    [['--env-file']],
  ])('%p: the usage on stderr, 64', async (args) => {
    const { code, stdout, stderr } = await runBinary(args)
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).toContain('Usage: orchestrator')
  })
})

describe('configuration', () => {
  const FAULTY = {
    PORT: 'eight',
    LOG_LEVEL: 'loud',
    TASK_TIMEOUT: '30s',
    REGISTRY_URL: 'http://me:secret@registry:8000',
  }

  test('check prints the effective settings with their sources', async () => {
    using home = serviceHome({})
    const { code, stdout, stderr } = await runBinary(['check'], {
      env: { ...home.env, PORT: '8123' },
    })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^PORT +8123 +environment$/m)
    expect(stdout).toMatch(/^TASK_MAX_RETRIES +3 +default$/m)
  })

  test.each(['check', 'serve', 'dev'])('%s tells all faults at once, 78', async (command) => {
    using dir = temporaryDir()
    const env: Record<string, string> = { ...FAULTY, TASK_DB: dir.file('x.db') }
    const args = command === 'dev' ? ['--port', '0', '--registry-port', '0'] : []
    const { code, stdout, stderr } = await runBinary([command, ...args], { env })
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    // `dev` has a port and a Registry of its own.
    const told = command === 'dev' ? ['TASK_TIMEOUT', 'LOG_LEVEL'] : Object.keys(FAULTY)
    expect(lines(stderr)).toHaveLength(told.length)
    for (const variable of told) {
      expect(stderr).toMatch(new RegExp(`^${variable}="[^"]*": must be `, 'm'))
    }
    expect(stderr).not.toContain('secret')
  })

  test('a database of another kind is a fault, and no folder of that name', async () => {
    using dir = temporaryDir()
    const TASK_DB = 'mysql://me:secret@127.0.0.1:1/tasks'
    const options = { cwd: dir.path, env: { PORT: '0', TASK_DB } }
    const { code, stdout, stderr } = await runBinary(['serve'], options)
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    expect(stderr).toMatch(/^TASK_DB="mysql:\/\/\*\*\*@127\S+": must be the path of a SQLite file/)
    expect(readdirSync(dir.path)).toEqual([])
  })
})

describe('health', () => {
  test('0 for a service that is well, by its URL and by the environment', async () => {
    using home = serviceHome()
    await using service = await home.start()
    const { port } = new URL(service.url)
    const env = { PORT: port }
    for (const args of [[service.url], [`${service.url}/orchestrator/health`], []]) {
      const { code, stdout, stderr } = await runBinary(['health', ...args], { env })
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
      expect(stdout).toMatch(new RegExp(`^http://.*:${port}/orchestrator/health: ok\n$`))
    }
  })

  test('1 and the reason where nobody listens', async () => {
    const { code, stdout, stderr } = await runBinary(['health'], {
      env: { PORT: String(await freePort()) },
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(lines(stderr)).toHaveLength(1)
  })
})

describe('documents', () => {
  test('openapi prints what the service serves, and needs nothing for it', async () => {
    const { code, stdout, stderr } = await runBinary(['openapi'], { env: { HOME: '/proc' } })
    expect([code, stderr]).toEqual([0, ''])
    using home = serviceHome()
    await using service = await home.start()
    const { json } = await service.get('/orchestrator/docs/json')
    expect(JSON.parse(stdout)).toEqual(json)
    expect(json).toEqual(await openApi())
  })

  test('a slow reader gets all of it', async () => {
    // The reader must begin only after the pipe is full, and nothing tells when that is.
    const command = '"$0" openapi | { sleep 0.3; cat; }'
    const { code, stdout, stderr } = await runProcess(['/bin/sh', '-c', command, binaryPath()])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual(await openApi())
  })

  test('systemd prints a unit file', async () => {
    const { code, stdout, stderr } = await runBinary(['systemd'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('\nExecStart=/usr/local/bin/orchestrator serve\n')
  })

  const hasAnalyze = Bun.which('systemd-analyze') !== null
  const verifies = `systemd-analyze verifies that unit${hasAnalyze ? '' : ' (skipped: not here)'}`

  test.skipIf(!hasAnalyze)(verifies, async () => {
    const { stdout } = await runBinary(['systemd'])
    using dir = temporaryDir()
    const file = dir.file('orchestrator.service')
    writeFileSync(file, stdout.replace('=/usr/local/bin/orchestrator ', `=${process.execPath} `))
    const env = { PATH: process.env.PATH ?? '' }
    const verified = await runProcess(['systemd-analyze', 'verify', file], { env })
    expect(verified).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('compose prints a compose file', async () => {
    const { code, stdout, stderr } = await runBinary(['compose'])
    expect([code, stderr]).toEqual([0, ''])
    const { services } = Bun.YAML.parse(stdout) as { services: object }
    expect(Object.keys(services)).toEqual(['registry', 'orchestrator'])
  })
})

test('output that cannot be written is a failure; a reader that has gone is none', async () => {
  const run = (to: string) => runProcess(['sh', '-c', `'${binaryPath()}' --help ${to}`])
  const full = await run('> /dev/full')
  expect([full.code, full.stderr]).toEqual([
    1,
    expect.stringMatching(/^What there is to say cannot be written: ENOSPC/),
  ])
  expect((await run('> /dev/full 2>&1')).code).toBe(1)
  expect((await run('| true')).code).toBe(0)
})
