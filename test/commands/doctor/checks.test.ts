/** What needs a clock, a name service or a file of the test's own. */
import { describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { bytesText } from '../../../src/commands/terminal/bytes-text.ts'
import type { Check } from '../../../src/commands/doctor/check.ts'
import { DATABASE } from '../../../src/commands/doctor/database.ts'
import { DROPLETS } from '../../../src/commands/doctor/droplets.ts'
import { failure, ok } from '../../../src/commands/doctor/finding.ts'
import { nginxFinding } from '../../../src/commands/doctor/nginx.ts'
import { worstCaseMs } from '../../../src/commands/doctor/proxy.ts'
import { QUEUE } from '../../../src/commands/doctor/queue.ts'
import { lookUpRegistry } from '../../../src/commands/doctor/registry.ts'
import { jsonReport, textReport } from '../../../src/commands/doctor/report.ts'
import { runChecks } from '../../../src/commands/doctor/run-checks.ts'
import { doctorWorld, type DoctorPorts } from '../../../src/commands/doctor/world.ts'
import { systemFetch } from '../../../src/platform/fetch.ts'
import type { DatabaseState } from '../../../src/store/sqlite/inspect.ts'
import { lockDatabase, lockHolder } from '../../../src/platform/file-lock.ts'
import { scriptedIo } from '../../support/command-io.ts'
import { testConfig, type DeepPartial } from '../../support/config.ts'
import type { Config } from '../../../src/config/config.ts'
import { allowRealTime } from '../../support/eventually.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../../support/self-signed.ts'
import { temporaryDir } from '../../support/temporary.ts'

allowRealTime()

function worldOf(config: DeepPartial<Config>, ports: Partial<DoctorPorts> = {}) {
  const clock = new FakeClock()
  const resolve = async () => ({ addresses: ['127.0.0.1'], ttlMs: 0 })
  const stop = new AbortController().signal
  const all = { clock, fetch: systemFetch, resolve, ...ports }
  return doctorWorld(scriptedIo(), testConfig(config), stop, all)
}

describe('a certificate that ends soon', () => {
  // The test's own ends on 2126-11-02.
  test.each([
    ['2126-10-18T00:00:00Z', '15 days', 'ok'],
    ['2126-10-20T12:00:00Z', '12 days', 'warning'],
    ['2126-11-01T00:00:00Z', '1 day', 'warning'],
    ['2126-11-02T00:00:00Z', '0 days', 'warning'],
  ])('at %s: %s, %s', async (now, left, level) => {
    using dir = temporaryDir()
    await using droplet = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert: CERTIFICATE, key: PRIVATE_KEY },
      fetch: () => new Response(),
    })
    const list = [{ name: 'secure', url: `https://localhost:${droplet.port}` }]
    writeFileSync(dir.file('list.json'), JSON.stringify(list))
    const world = worldOf(
      { registry: { url: `file:${dir.file('list.json')}` } },
      {
        clock: new FakeClock(Date.parse(now)),
        fetch: (url, { method, signal }) =>
          fetch(url, { method, signal, tls: { ca: CERTIFICATE } }),
      },
    )
    const findings = await DROPLETS.run(world)
    const found = `secure: its certificate ends in ${left}`
    expect(findings as object[]).toEqual([
      ...(level === 'ok' ? [] : [{ level, found, advice: 'renew it' }]),
      ok(`${level === 'ok' ? 1 : 0} of 1 droplet answer, and nothing is wrong with them`),
      ok(`their first certificate ends in ${left}`),
    ])
  })
})

describe("the Registry's host", () => {
  test('is known, or is an address', async () => {
    expect(await lookUpRegistry(worldOf({ registry: { url: 'http://registry:8000' } }))).toBeNull()
    const never = { resolve: () => Promise.reject(new Error('asked')) }
    expect(await lookUpRegistry(worldOf({ registry: { url: 'http://[::1]:1' } }, never))).toBeNull()
  })

  test('is not known', async () => {
    const error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    const resolve = () => Promise.reject(error)
    const world = worldOf({ registry: { url: 'http://registry:8000' } }, { resolve })
    expect(await lookUpRegistry(world)).toEqual({
      level: 'failure',
      found: 'http://registry:8000: ENOTFOUND: no address is known for the name',
      advice: 'mend the name service or REGISTRY_URL',
    })
  })

  test('is not told in REGISTRY_TIMEOUT', async () => {
    const clock = new FakeClock()
    const registry = { url: 'http://registry:8000', timeoutMs: 500 }
    const world = worldOf({ registry }, { clock, resolve: () => new Promise(() => {}) })
    const looking = lookUpRegistry(world)
    await clock.advance(500)
    expect((await looking)!.found).toEndWith('no answer within 500 ms')
  })
})

test.each([
  [null, 'ok', '0 asynchronous tasks queued'],
  [-3_600_000, 'ok', '7 asynchronous tasks queued'],
  [59_000, 'ok', '7 asynchronous tasks queued'],
  [720_000, 'warning', '7 asynchronous tasks queued, the oldest due for 12 min 00 s'],
])('of a queue whose oldest task is %p ms late', async (lateMs, level, found) => {
  const clock = new FakeClock()
  const oldestDueAt = lateMs === null ? null : clock.now() - lateMs
  const state = { queued: lateMs === null ? 0 : 7, oldestDueAt } as DatabaseState
  const findings = await QUEUE.run({ ...worldOf({}, { clock }), database: () => state })
  expect(findings).toEqual([expect.objectContaining({ level, found })])
})

describe('checks', () => {
  const check = (name: string, run: Check['run'], limitMs?: number): Check => ({
    ...{ name, group: 'machine', run },
    ...(limitMs === undefined ? {} : { limitMs }),
  })

  test('have a time limit each, and one with a bug stops no other', async () => {
    const clock = new FakeClock()
    const running = runChecks(
      [
        check('hangs', () => new Promise(() => {})),
        check('hangs longer', () => new Promise(() => {}), 20_000),
        check('throws', () => {
          throw new Error('oh')
        }),
        check('well', () => [ok('fine')]),
      ],
      worldOf({}, { clock }),
    )
    await clock.advance(20_000)
    const results = await running
    expect(results.map(({ name, level, findings }) => [name, level, findings[0]!.found])).toEqual([
      ['hangs', 'failure', 'no result within 10 s'],
      ['hangs longer', 'failure', 'no result within 20 s'],
      ['throws', 'failure', 'oh'],
      ['well', 'ok', 'fine'],
    ])
  })

  test('what a droplet says forges no line and no colour', () => {
    const findings = [failure('evil\n  ok  x\u001b[32m', 'look')]
    const report = {
      results: [{ name: 'droplets', group: 'mesh', level: 'failure', findings }],
      skipped: ['clock'],
    } as const
    const text = textReport(report, { width: null, colour: false })
    expect(text).toBe(
      'The mesh\n' +
        '  failure  droplets       evil\\u000a  ok  x\\u001b[32m\n' +
        '                          → look\n' +
        '\nNot run: clock.\n1 failure, 0 warnings.\n',
    )
    expect(JSON.parse(jsonReport(report))).toMatchObject({
      status: 'failure',
      skipped: ['clock'],
      checks: [{ name: 'droplets', findings: [{ status: 'failure', advice: 'look' }] }],
    })
  })
})

describe('nginx', () => {
  const written = (files: Record<string, string>, port = 8001) => {
    using dir = temporaryDir()
    mkdirSync(dir.file('conf.d'))
    for (const [name, text] of Object.entries(files)) writeFileSync(dir.file(name), text)
    return nginxFinding(dir.path, port, 127)
  }
  const OURS = 'upstream o { server 127.0.0.1:8001; } location / { proxy_pass http://o; }'

  test.each([
    ['no file leads here', { 'nginx.conf': 'location / { proxy_pass http://h:80010; }' }],
    ['it is a comment', { 'nginx.conf': `# ${OURS}` }],
    ['there is none', {}],
  ] as [string, Record<string, string>][])('%s: nothing is said', (_, files) => {
    expect(written(files)).toBeNull()
  })

  test.each([
    ['its default', { 'conf.d/o.conf': OURS }, '60 s, its default'],
    ['its own', { 'conf.d/o.conf': `${OURS} proxy_read_timeout 90; ` }, '90 s;'],
    [
      'its own, among longer ones',
      { 'conf.d/o.conf': `${OURS} proxy_read_timeout 1h; proxy_read_timeout 30s;` },
      '30 s;',
    ],
    [
      'that of the file around',
      { 'conf.d/o.conf': OURS, 'nginx.conf': 'http { proxy_read_timeout 100s; }' },
      '100 s;',
    ],
  ] as [string, Record<string, string>, string][])('%s is too short', (_, files, limit) => {
    expect(written(files)).toMatchObject({
      level: 'warning',
      found: expect.stringContaining(`gives up after ${limit}`),
      advice: 'set proxy_read_timeout 130s; there, and reload nginx',
    })
  })

  test('waits long enough', () => {
    expect(written({ 'conf.d/o.conf': `${OURS} proxy_read_timeout 3m;` })!.level).toBe('ok')
  })
})

test('a task takes its attempts and the waits between them', () => {
  expect(worstCaseMs(testConfig())).toBe(127_000)
  expect(worstCaseMs(testConfig({ task: { maxRetries: 0, timeoutMs: 5000 } }))).toBe(5000)
  expect(worstCaseMs(testConfig({ task: { maxRetries: 8, timeoutMs: 1000 } }))).toBe(
    9000 + 63_000 + 60_000 + 60_000,
  )
})

test('a database is a regular file, and nothing else is opened', async () => {
  using dir = temporaryDir()
  for (const db of [dir.path, '/dev/zero']) {
    const findings = await DATABASE.run(worldOf({ task: { db } }))
    expect(findings).toEqual([failure(`${db} is not a regular file`, 'name a file in TASK_DB')])
  }
})

test('who holds the lock of a database is known, and takes no lock', () => {
  using dir = temporaryDir()
  const file = dir.file('x.db')
  expect(lockHolder(file)).toBeNull()
  const unlock = lockDatabase(file)
  expect(lockHolder(file)).toBe(process.pid)
  unlock()
  expect(lockHolder(file)).toBeNull()
  lockDatabase(file)()
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [3_355_443, '3.2 MiB'],
  [200 * 1024 ** 3, '200 GiB'],
])('%d bytes: %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})
