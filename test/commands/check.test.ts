import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from '../../src/commands/check.ts'
import { canWrite } from '../../src/commands/command.ts'
import { envFile } from '../../src/commands/env-file.ts'
import { serve } from '../../src/commands/serve.ts'
import { VARIABLE_NAMES } from '../../src/config/variables.ts'
import { scriptedIo } from '../support/command-io.ts'
import { temporaryDir } from '../support/temporary.ts'

describe('check', () => {
  test('prints every setting with its value and source', async () => {
    const io = scriptedIo({ PORT: '9001', LOG_LEVEL: 'debug', TASK_DB: ':memory:' })
    expect(await check([], io)).toBe(0)
    const rows = io.out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(rows.map(([name]) => name)).toEqual(['VARIABLE', ...VARIABLE_NAMES])
    expect(rows).toContainEqual(['PORT', '9001', 'environment'])
    expect(rows).toContainEqual(['PUBLIC_URL', 'http://localhost:9001', 'default'])
    expect(rows).toContainEqual(['LOG_LEVEL', 'DEBUG', 'environment'])
    expect(rows).toContainEqual(['REGISTRY_TIMEOUT', '5.0', 'default'])
    expect(io.err).toBe('')
  })

  test('tells all faults on stderr, nothing on stdout, and exits with 78', async () => {
    const io = scriptedIo({ PORT: 'abc', REGISTRY_URL: 'http://me:hunter2@h', TASK_DB: ':memory:' })
    expect(await check([], io)).toBe(78)
    expect(io.out).toBe('')
    expect(io.err.split('\n')).toEqual([
      'PORT="abc": must be a whole number from 0 to 65535',
      expect.stringMatching(/^REGISTRY_URL="http:\/\/\*\*\*@h": must be /),
      '',
    ])
  })

  test('shows no header of the trace backend', async () => {
    const traces = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hush',
    }
    const io = scriptedIo({ ...traces, TASK_DB: ':memory:' })
    expect(await check([], io)).toBe(0)
    expect(io.out).toMatch(/^OTEL_EXPORTER_OTLP_ENDPOINT +http:\/\/collector:4318 /m)
    expect(io.out).toMatch(/^OTEL_EXPORTER_OTLP_HEADERS +\*\*\* /m)
    expect(io.out + io.err).not.toContain('hush')
  })

  test.each([[['extra']], [['--verbose']]])('%p is a usage error', async (args) => {
    const io = scriptedIo()
    expect(await check(args, io)).toBe(64)
    expect(io.err).toContain(args[0]!)
    expect(io.err).toContain('Usage: orchestrator check')
  })
})

describe('warnings', () => {
  const enough = { TASK_DB: ':memory:' }

  /** The exit code, and the warnings. */
  async function warningsOf(env: Record<string, string>, files: Record<string, string> = {}) {
    const envFiles = Object.entries(files).map(([name, text]) => envFile(name, text))
    const io = scriptedIo({ ...enough, ...env }, {}, envFiles)
    return { code: await check([], io), warnings: io.err.split('\n').slice(0, -1) }
  }

  test.each([
    ['TASK_TIMOUT', 'TASK_TIMEOUT'],
    ['TASKTIMEOUT', 'TASK_TIMEOUT'],
    ['REGISTRY_ULR', 'REGISTRY_URL'],
    ['task_max_retries', 'TASK_MAX_RETRIES'],
    ['Port', 'PORT'],
    ['PROT', 'PORT'],
    ['HOSTS', 'HOST'],
  ])('%s in the environment or a file: %s', async (name, meant) => {
    const warning = `there is no setting ${name}. Did you mean '${meant}'?`
    expect(await warningsOf({ [name]: 'secret' })).toEqual({
      code: 0,
      warnings: [`Warning: environment: ${warning}`],
    })
    expect(await warningsOf({}, { 'a.env': `${name}=secret` })).toEqual({
      code: 0,
      warnings: [`Warning: a.env: ${warning}`],
    })
  })

  test.each(['TLS_CERT', 'tls_key', 'AUTH_TOKENS'])('%s lacks its _FILE', async (name) => {
    const meant = `Did you mean '${name.toUpperCase()}_FILE'?`
    expect(await warningsOf({ [name]: 'x' })).toEqual({
      code: 0,
      warnings: [`Warning: environment: there is no setting ${name}. ${meant}`],
    })
  })

  test('other names are suspicious in a file only', async () => {
    expect(await warningsOf({ TIMEOUT_OF_ALL: '1' })).toEqual({ code: 0, warnings: [] })
    expect(await warningsOf({}, { 'a.env': 'TIMEOUT_OF_ALL=1' })).toEqual({
      code: 0,
      warnings: ['Warning: a.env: there is no setting TIMEOUT_OF_ALL.'],
    })
  })

  test.each(['HOME', 'PATH', 'TERM', 'TZ', 'NO_COLOR', 'STATE_DIRECTORY', 'UV_THREADPOOL_SIZE'])(
    '%s is for others, and they read it',
    async (name) => {
      expect((await warningsOf({ [name]: 'x' }, { f: `${name}=x` })).warnings).toEqual([])
    },
  )

  test.each(['PGHOST', 'PGPORT', 'HOSTNAME', 'REGISTRY_PORT', 'USER', 'POD', 'MAIL', 'PS1'])(
    '%s in the environment is no misspelt setting',
    async (name) => {
      expect((await warningsOf({ [name]: 'x' })).warnings).toEqual([])
    },
  )

  test('a secret whose = was forgotten is shown nowhere', async () => {
    for (const gap of ['', ':', ' ']) {
      const text = `DROPLET_SIGNING_SECRET${gap}whsec_${'a'.repeat(43)}= # ours\n`
      const told = await warningsOf({}, { 'a.env': text })
      expect(JSON.stringify(told)).not.toContain('whsec_')
    }
  })

  test('lines that systemd would read otherwise', async () => {
    const text = 'export PORT=1\nHOST=127.0.0.1 # ours\nLOG_LEVEL="INFO"\n'
    expect(await warningsOf({}, { 'a.env': text })).toEqual({
      code: 0,
      warnings: [
        "Warning: a.env: systemd would leave PORT out: write NAME=value, without 'export'",
        expect.stringMatching(/^Warning: a\.env: systemd would read another value of HOST: put /),
      ],
    })
  })
})

test('each value is labelled with the file that it is from', async () => {
  const files = [
    envFile('one.env', 'PORT=1\nLOG_LEVEL=ERROR\nTASK_TIMEOUT=5\nTASK_MAX_RETRIES=2'),
    envFile('dir/two.env', 'PORT=2\nTASK_MAX_RETRIES=\n'),
  ]
  const io = scriptedIo({ TASK_DB: ':memory:', LOG_LEVEL: 'DEBUG' }, {}, files)
  expect(await check([], io)).toBe(0)
  for (const row of [
    /^TASK_DB +:memory: +environment$/m,
    /^LOG_LEVEL +DEBUG +environment$/m,
    /^PORT +2 +dir\/two\.env$/m,
    /^TASK_TIMEOUT +5 +one\.env$/m,
    /^TASK_MAX_RETRIES +3 +default$/m,
  ]) {
    expect(io.out).toMatch(row)
  }
})

describe('canWrite', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'orchestrator-check-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  test('a directory that is there, or that could be, without making it', () => {
    expect(canWrite(dir)).toBe(true)
    expect(canWrite(join(dir, 'a', 'b'))).toBe(true)
    expect(existsSync(join(dir, 'a'))).toBe(false)
  })

  test('not a file, nor below one', () => {
    writeFileSync(join(dir, 'file'), '')
    expect(canWrite(join(dir, 'file'))).toBe(false)
    expect(canWrite(join(dir, 'file', 'below'))).toBe(false)
  })

  const isRoot = process.getuid?.() === 0
  const reason = isRoot ? ' (skipped: root may write everywhere)' : ''

  test.skipIf(isRoot)(`not one that is write-protected${reason}`, () => {
    chmodSync(dir, 0o555)
    expect(canWrite(dir)).toBe(false)
    expect(canWrite(join(dir, 'below'))).toBe(false)
  })
})

describe('what serve would find', () => {
  let dir: ReturnType<typeof temporaryDir>
  beforeEach(() => {
    dir = temporaryDir()
  })
  afterEach(() => dir[Symbol.dispose]())

  async function checked(env: Record<string, string>) {
    const io = scriptedIo({ PORT: '0', REGISTRY_URL: 'http://127.0.0.1:1', ...env })
    return { code: await check([], io), io }
  }

  test('a database that is not there yet, and still is not', async () => {
    const TASK_DB = dir.file('x.db')
    const { code, io } = await checked({ TASK_DB })
    expect([code, io.err]).toEqual([0, ''])
    expect(io.out).toEndWith(`\n${TASK_DB} is not there yet: the service makes it at its start\n`)
    expect(existsSync(TASK_DB)).toBe(false)
  })

  test('a database that cannot be used: 1', async () => {
    const TASK_DB = dir.file('x.db')
    writeFileSync(TASK_DB, 'no database '.repeat(1000))
    const { code, io } = await checked({ TASK_DB })
    expect(code).toBe(1)
    expect(io.err).toMatch(/^TASK_DB: .*x\.db: .*not a database; move it away to start with/)
  })

  test('a file in place of the Registry that is no list: a warning', async () => {
    const file = dir.file('list.json')
    const REGISTRY_URL = `file:${file}`
    const missing = await checked({ TASK_DB: ':memory:', REGISTRY_URL })
    expect([missing.code, missing.io.err]).toEqual([
      0,
      expect.stringMatching(/^Warning: REGISTRY_URL: file:.*ENOENT/),
    ])
    writeFileSync(file, '<!doctype html>')
    const html = await checked({ TASK_DB: ':memory:', REGISTRY_URL })
    expect(html.io.err).toContain('is not JSON')
    writeFileSync(file, '[]')
    expect((await checked({ TASK_DB: ':memory:', REGISTRY_URL })).io.err).toBe('')
  })
})

describe('the file with the signing secrets', () => {
  const SECRET = `whsec_${btoa('hunter2hunter2hunter2hunter2')}`
  let dir: string
  let file: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'orchestrator-secrets-'))
    file = join(dir, 'secrets')
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  async function checked(env: Record<string, string> = {}) {
    const io = scriptedIo({ TASK_DB: ':memory:', DROPLET_SIGNING_SECRET_FILE: file, ...env })
    const code = await check([], io)
    expect(io.out + io.err).not.toContain(SECRET.slice(0, 20))
    expect(io.out + io.err).not.toContain('hunter2')
    return { code, err: io.err, out: io.out }
  }

  test.each([SECRET, `${SECRET}\n`, `\n ${SECRET}\n${SECRET}\n`, `\ufeff${SECRET}, ${SECRET}`])(
    'with one or two secrets: %j',
    async (text) => {
      writeFileSync(file, text, { mode: 0o600 })
      expect(await checked()).toMatchObject({ code: 0, err: '' })
    },
  )

  test('that everybody may read: a warning', async () => {
    writeFileSync(file, SECRET, { mode: 0o644 })
    expect(await checked()).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^Warning: DROPLET_SIGNING_SECRET_FILE=.*chmod o-rwx\n$/),
    })
  })

  const ALLOWED = 'must be a file with one or two secrets: whsec_ and 24 to 64 bytes in base64; '

  test.each([
    ['', 'it holds none'],
    [' \n', 'it holds none'],
    ['hunter2', 'it holds something else'],
    [`${SECRET},${SECRET},${SECRET}`, 'it holds something else'],
    [`secret=${SECRET}`, 'it holds something else'],
    ['\xff\0'.repeat(40_000), 'it cannot be read: it is larger than 65536 bytes'],
  ])('that holds something else: one line, exit 78', async (text, reason) => {
    writeFileSync(file, text)
    const err = `DROPLET_SIGNING_SECRET_FILE=${JSON.stringify(file)}: ${ALLOWED}${reason}\n`
    expect(await checked()).toEqual({ code: 78, err, out: '' })
  })

  test('that is not there, or is no file', async () => {
    const { code, err } = await checked()
    expect([code, err.split('\n')]).toEqual([78, [expect.stringContaining('ENOENT'), '']])
    mkdirSync(file)
    expect((await checked()).err).toEndWith('it cannot be read: it is not a regular file\n')
  })

  test('that cannot be read keeps the service from starting, too', async () => {
    const io = scriptedIo({ TASK_DB: ':memory:', DROPLET_SIGNING_SECRET_FILE: file })
    expect(await serve([], io)).toBe(78)
    expect(io.err.split('\n')).toEqual([expect.stringContaining('ENOENT'), ''])
  })

  test('beside the secret itself: one of them must go', async () => {
    writeFileSync(file, SECRET)
    const { code, err } = await checked({ DROPLET_SIGNING_SECRET: SECRET })
    expect([code, err.split('\n')]).toEqual([
      78,
      [expect.stringMatching(/; DROPLET_SIGNING_SECRET is set, too$/), ''],
    ])
  })
})
