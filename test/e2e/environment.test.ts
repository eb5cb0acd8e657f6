/** What the binary takes its settings from, and what it leaves alone. */
import { describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { binaryPath, runBinary, startProcess } from '../support/binary.ts'
import { freePort, serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

describe('--env-file', () => {
  const FILE = `# a comment\nPORT=8123\nLOG_LEVEL="ERROR"\nTASK_MAX_RETRIES=7\n`

  test('is read; the environment counts more', async () => {
    using dir = temporaryDir()
    writeFileSync(dir.file('settings'), FILE)
    const env = { TASK_DB: ':memory:', LOG_LEVEL: 'DEBUG' }
    for (const args of [
      ['check', '--env-file', 'settings'],
      ['--env-file=settings', 'check'],
    ]) {
      const { code, stdout, stderr } = await runBinary(args, { env, cwd: dir.path })
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/^PORT +8123 +settings$/m)
      expect(stdout).toMatch(/^TASK_MAX_RETRIES +7 /m)
      expect(stdout).toMatch(/^LOG_LEVEL +DEBUG /m)
    }
  })

  test('check warns of what is misspelt in it, or read otherwise by systemd; serve once', async () => {
    using home = serviceHome({})
    const text = 'TASK_TIMOUT=hunter2\nexport SHUTDOWN_GRACE=1\n'
    writeFileSync(home.file('settings'), text)
    const options = { env: { ...home.env, REGISTRY_ULR: 'hunter2' }, cwd: home.path }
    const { code, stdout, stderr } = await runBinary(['check', '--env-file', 'settings'], options)
    expect([code, stderr.split('\n')]).toEqual([
      0,
      [
        "Warning: settings: there is no setting TASK_TIMOUT. Did you mean 'TASK_TIMEOUT'?",
        "Warning: environment: there is no setting REGISTRY_ULR. Did you mean 'REGISTRY_URL'?",
        "Warning: settings: systemd would leave SHUTDOWN_GRACE out: write NAME=value, without 'export'",
        '',
      ],
    ])
    expect(stdout).toMatch(/^SHUTDOWN_GRACE +1 +settings$/m)

    await using service = startProcess([binaryPath(), '--env-file', 'settings'], options)
    const line = await eventually('the warning', () => {
      return service.stdout.split('\n').find((each) => each.includes('misspelt'))
    })
    expect(JSON.parse(line)).toMatchObject({
      level: 'WARNING',
      misspelt: Array(2).fill(expect.any(String)),
    })
    await service.stop()
    expect(service.stdout.match(/misspelt"/g)).toHaveLength(2)
    expect(service.stdout + service.stderr).not.toContain('hunter2')
  })

  test('serve reads it, through the relaunch too', async () => {
    using home = serviceHome()
    const { PORT: _, ...env } = home.env
    const port = await freePort()
    writeFileSync(home.file('settings'), `PORT=${port}\n`)
    await using service = startProcess([binaryPath(), '--env-file', 'settings'], {
      env,
      cwd: home.path,
    })
    await eventually('healthy', async () => {
      const { code } = await runBinary(['health', `http://127.0.0.1:${port}`])
      return code === 0
    })
    expect(service.stderr).toBe('')
  })

  test('one that is not there is wrong usage', async () => {
    const { code, stderr } = await runBinary(['check', '--env-file', '/nowhere/settings'])
    expect(code).toBe(64)
    expect(stderr).toContain('/nowhere/settings')
  })
})

test('.env and bunfig.toml where it starts are not for it', async () => {
  using home = serviceHome()
  writeFileSync(home.file('.env'), 'PORT=1\nLOG_LEVEL=loud\n')
  writeFileSync(home.file('bunfig.toml'), 'preload = ["./crash.ts"]\nlogLevel = "nonsense"\n')
  writeFileSync(home.file('crash.ts'), 'throw new Error("the preload ran")\n')
  await using service = await home.start()
  expect(service.url).not.toEndWith(':1')
  expect(service.stderr).toBe('')
  const { code, stdout } = await runBinary(['check'], { env: home.env, cwd: home.path })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^LOG_LEVEL +INFO +default$/m)
})

describe('with an environment of next to nothing', () => {
  test.each(['/', '/proc', '/usr'])('commands run in %s', async (cwd) => {
    expect(await runBinary(['--version'], { env: {}, cwd })).toMatchObject({ code: 0, stderr: '' })
    expect(await runBinary(['openapi'], { env: {}, cwd })).toMatchObject({ code: 0, stderr: '' })
    const { code, stderr } = await runBinary(['check'], { env: { TASK_DB: ':memory:' }, cwd })
    expect([code, stderr]).toEqual([0, ''])
  })

  test('serve runs with all of its defaults but the port', async () => {
    using dir = temporaryDir()
    const port = await freePort()
    const state = dir.file('state')
    mkdirSync(state)
    // The machine may have a /var/lib/fpai, so the test names its own directories.
    const env = {
      PORT: String(port),
      HOST: '127.0.0.1',
      TASK_DB: `${state}/orchestrator.db`,
      REGISTRY_CACHE_DIR: dir.file('cache'),
    }
    await using service = startProcess([binaryPath()], { env, cwd: '/' })
    await eventually('healthy', async () => {
      return (await runBinary(['health'], { env: { PORT: String(port) } })).code === 0
    })
    await service.stop()
    expect(await service.exited).toBe(0)
  })

  test('check works without anything at all, HOME included', async () => {
    // Where neither the defaults nor a home can be written to, it says so instead.
    const { code, stdout, stderr } = await runBinary(['check'], { env: {} })
    if (code === 0) expect(stdout).toMatch(/^TASK_DB +\//m)
    else expect([code, stderr]).toEqual([78, expect.stringMatching(/^TASK_DB is not set: /)])
  })
})
