/** The doctor against the binary, with a real fault for each of its checks. */
import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { binaryPath, ROOT, runBinary, runProcess, type Result } from '../support/binary.ts'
import { freePort, serviceHome, type ServiceHome } from '../support/binary-service.ts'
import { diagnose, diagnosisOf } from '../support/doctor.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { pemFiles } from '../support/pem-files.ts'
import {
  answeringServer,
  deadUrl,
  hang,
  html,
  json,
  reply,
  scriptedServer,
  type Answer,
} from '../support/scripted-server.ts'
import { CERTIFICATE, EXPIRED, PRIVATE_KEY } from '../support/self-signed.ts'
import { runOnTerminal } from '../support/terminal.ts'

allowRealTime()

/** So that the limits of the machine that runs the tests suffice. */
const MODEST = { TASK_MAX_RUNNING: '100', REGISTRY_TIMEOUT: '20' }
const now = () => ({ date: new Date().toUTCString() })

/** A Registry with these entries; it takes registrations, and keeps none. */
function registryOf(entries: () => unknown[], answer?: Answer) {
  return answeringServer(({ method }) => {
    if (method !== 'GET') return json({ droplet: { id: 1 } }, 201)
    return answer ?? json({ droplets: entries() }, 200, now())
  })
}

describe('where all is well', () => {
  let home: ServiceHome
  let env: Record<string, string>
  const ends: AsyncDisposable[] = []
  beforeAll(async () => {
    home = serviceHome()
    const droplet = scriptedServer(json({ status: 'active' }))
    const port = await freePort()
    const own = { name: 'orchestrator', endpoint: `http://localhost:${port}` }
    const registry = registryOf(() => [{ name: 'echo', endpoint: droplet.url }, own])
    env = { ...home.env, ...MODEST, PORT: String(port), REGISTRY_URL: registry.url }
    const service = await home.start(env)
    await service.ready()
    await service.submit()
    await service.submit({ delay_seconds: 3600 }, { prefer: 'respond-async' })
    ends.push(service, registry, droplet)
  })
  afterAll(async () => {
    for (const each of ends) await each[Symbol.asyncDispose]()
    home[Symbol.dispose]()
  })

  test('nothing is wrong, and the exit code is 0', async () => {
    const found = await diagnose(env)
    expect([found.wrong, found.status, found.code, found.skipped]).toEqual([{}, 'ok', 0, []])
    expect(found.of('configuration')).toContain(`\nok: PORT=${env.PORT} (environment)\n`)
    expect(found.of('port')).toMatch(/is our own service, \d/)
    expect(found.of('service')).toStartWith('ok: ready at ')
    expect(found.of('registry')).toContain('lists 2 droplets')
    expect(found.of('registry')).toContain('we are in it, at http://localhost:')
    expect(found.of('droplets')).toStartWith('ok: 1 of 1 droplet answer')
    expect(found.of('clock')).toBe('ok: it agrees with the Registry')
    expect(found.of('database')).toMatch(/undamaged; schema \d+, the newest$/)
    expect(found.of('descriptors')).toStartWith('ok: the service that runs may have ')
    expect(found.of('queue')).toBe('ok: 1 asynchronous task queued')
    expect(found.of('proxy')).toContain('up to 127 s')
  })

  test('in a pipe: plain text with the same', async () => {
    const { code, stdout, stderr } = await runBinary(['doctor'], { env })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Configuration\n {2}ok {7}configuration {2}valid: \d+ settings from /)
    expect(stdout).toEndWith('\nAll is well.\n')
    expect(stdout).not.toContain('\x1b')
  })

  test('on a terminal of 80 columns: lines that fit, with colours', async () => {
    const down = { ...env, PORT: String(await freePort()), TASK_DB: ':memory:' }
    const { code, text } = await runOnTerminal([binaryPath(), 'doctor'], { env: down })
    expect(code).toBe(0)
    expect(text).toContain('\x1b[33mwarning\x1b[0m  service')
    for (const line of Bun.stripANSI(text).split('\n')) {
      // A word that is too long stays whole.
      const isWord = line.trim().split(' ').length === 1
      expect([line, isWord || line.length <= 80]).toEqual([line, true])
    }
    const env2 = { ...down, NO_COLOR: '1' }
    const plain = await runOnTerminal([binaryPath(), 'doctor'], { env: env2 })
    expect(plain.text).not.toContain('\x1b[3')
  })

  test('it changes nothing, of a running service or of files at rest', async () => {
    const copy = home.file('copy')
    mkdirSync(copy)
    const db = `${copy}/x.db`
    const from = new Database(home.env.TASK_DB!, { readonly: true })
    from.run('vacuum into ?', [db])
    from.close()
    {
      using file = new Database(db)
      file.run('pragma journal_mode = wal')
    }
    chmodSync(db, 0o600)
    const before = [readFileSync(db), statSync(db).mtimeMs, readdirSync(copy)]
    const at = { ...env, TASK_DB: db }
    expect((await diagnose(at)).of('database')).toStartWith('ok: ')
    expect([readFileSync(db), statSync(db).mtimeMs, readdirSync(copy)]).toEqual(before)
  })

  test('a check can be left out, and a misspelt one is refused', async () => {
    const found = await diagnose(env, ['--skip', 'droplets,clock', '--skip', 'unit'])
    expect(found.skipped).toEqual(['clock', 'unit', 'droplets'])
    expect(found.of('droplets')).toBe('')
    const refused = await runBinary(['doctor', '--skip', 'droplet'], { env })
    expect([refused.code, refused.stdout]).toEqual([64, ''])
    expect(refused.stderr).toStartWith("There is no check 'droplet'. Did you mean 'droplets'?\n")
  })

  test('another service that is meant for the same database', async () => {
    const found = await diagnose({ ...env, PORT: String(await freePort()) })
    expect(found.code).toBe(1)
    expect(found.of('database')).toMatch(
      /failure: .* is in use by another orchestrator \(process \d+\)/,
    )
  })
})

/** Settings that need no service and no mesh. */
async function alone(home: ServiceHome): Promise<Record<string, string>> {
  home.list({})
  return { ...home.env, ...MODEST, PORT: String(await freePort()) }
}

describe('the configuration', () => {
  test('with faults: a failure for each, and no other check is run', async () => {
    using home = serviceHome({})
    const env = { ...(await alone(home)), TASK_TIMEOUT: '30s', LOG_LEVEL: 'loud' }
    for (const args of [[], ['--skip', 'configuration']]) {
      const found = await diagnose(env, args)
      expect([found.code, found.wrong]).toEqual([1, { configuration: 'failure' }])
      expect(found.of('configuration')).toMatch(
        /failure: TASK_TIMEOUT="30s".*\nfailure: LOG_LEVEL=/,
      )
      expect(found.skipped).toContain('database')
    }
  })

  test('a misspelt name, a key for everybody, a certificate for another host', async () => {
    using home = serviceHome({})
    using files = pemFiles()
    chmodSync(files.keyFile, 0o644)
    const env = {
      ...(await alone(home)),
      TLS_CERT_FILE: files.certFile,
      TLS_KEY_FILE: files.keyFile,
      PUBLIC_URL: 'https://orchestrator.example',
      TASK_TIMOUT: '5',
    }
    const found = await diagnose(env)
    expect([found.code, found.wrong.configuration]).toEqual([0, 'warning'])
    const told = found.of('configuration')
    expect(told).toContain("there is no setting TASK_TIMOUT. Did you mean 'TASK_TIMEOUT'?")
    expect(told).toMatch(/TLS_KEY_FILE=.*: everybody on this machine may read it/)
    expect(told).toContain('is not for orchestrator.example, the host of PUBLIC_URL')
  })

  test('an --env-file that everybody may read, with a secret', async () => {
    using home = serviceHome({})
    const file = home.file('settings.env')
    writeFileSync(file, `DROPLET_SIGNING_SECRET=whsec_${btoa('x'.repeat(32))}\n`)
    chmodSync(file, 0o644)
    const found = await diagnose(await alone(home), ['--env-file', file])
    expect(found.of('configuration')).toContain('everybody may read it, and it has DROPLET_SIGNING')
    expect(found.of('configuration')).toContain(`\nok: DROPLET_SIGNING_SECRET=*** (${file})\n`)
    expect(found.of('configuration')).not.toContain('whsec_')
  })

  test('the same with the password of a database; the path of one is no secret', async () => {
    using home = serviceHome({})
    const file = home.file('settings.env')
    const { TASK_DB: _, ...env } = await alone(home)
    for (const [db, isSecret] of [
      ['postgres://u:pass-word@127.0.0.1:1/d', true],
      ['/x.db', false],
    ]) {
      writeFileSync(file, `TASK_DB=${db}\n`)
      chmodSync(file, 0o644)
      const found = await diagnose({ ...env, PUBLIC_URL: 'http://x.example' }, ['--env-file', file])
      const told = found.of('configuration').includes('everybody may read it, and it has TASK_DB')
      expect([db, told]).toEqual([db, isSecret])
      expect(found.of('configuration')).not.toContain('pass-word')
    }
  })
})

describe('the port', () => {
  test('is free, and nobody answers: a warning only', async () => {
    using home = serviceHome({})
    const found = await diagnose(await alone(home))
    expect([found.code, found.wrong]).toEqual([0, { service: 'warning', registry: 'warning' }])
    expect(found.of('port')).toMatch(/^ok: 127\.0\.0\.1:\d+ is free$/)
  })

  test('is held by another program', async () => {
    await using other = scriptedServer(html(404))
    using home = serviceHome({})
    const found = await diagnose({ ...(await alone(home)), PORT: String(other.port) })
    expect(found.code).toBe(1)
    expect(found.of('port')).toMatch(
      /^failure: .*the port is in use by another program: it answers 404 →/,
    )
    expect(found.of('service')).toContain('is no Orchestrator')
  })

  test('cannot be had, as the address is not of this machine', async () => {
    using home = serviceHome({})
    const found = await diagnose({ ...(await alone(home)), HOST: '192.0.2.1' })
    expect(found.of('port')).toContain('this machine does not have that address')
  })
})

describe('the database', () => {
  /** One with a task in it, as the service leaves it. */
  async function left(home: ServiceHome): Promise<{ env: Record<string, string>; db: string }> {
    home.list({ echo: await deadUrl() })
    await using service = await home.start()
    await service.submit({ max_retries: 0, payload: { text: 'x'.repeat(100_000) }, method: 'POST' })
    await service.stop()
    return {
      env: { ...home.env, ...MODEST, PORT: String(await freePort()) },
      db: home.env.TASK_DB!,
    }
  }

  /** Writes over the database's file. */
  function overwrite(db: string, at: number, bytes: Uint8Array): void {
    const file = openSync(db, 'r+')
    writeSync(file, bytes, 0, bytes.length, at)
    closeSync(file)
  }

  test('is damaged, so that SQLite cannot read it, or finds it out', async () => {
    using home = serviceHome()
    const { env, db } = await left(home)
    // The length of the list of free pages (https://sqlite.org/fileformat.html, 1.3).
    overwrite(db, 36, Buffer.from([0, 0, 0, 200]))
    const wrong = await diagnose(env)
    expect([wrong.code, wrong.wrong.database]).toEqual([1, 'failure'])
    expect(wrong.of('database')).toMatch(/is damaged: .* → restore a backup/)
    const checked = await runBinary(['check'], { env })
    expect([checked.code, checked.stderr]).toEqual([1, expect.stringContaining('is damaged: ')])

    const pages = statSync(db).size / 4096
    for (let page = 2; page < pages; page++) overwrite(db, page * 4096, Buffer.alloc(200, 0xab))
    const unreadable = await diagnose(env)
    expect([unreadable.code, unreadable.of('database')]).toEqual([
      1,
      expect.stringMatching(/failure: .*malformed → move it away/),
    ])
  })

  test('is from a newer version, or an older one', async () => {
    using home = serviceHome()
    const { env, db } = await left(home)
    const setSchema = (version: number) => {
      using file = new Database(db)
      file.run(`pragma user_version = ${version}`)
    }
    setSchema(99)
    const newer = await diagnose(env)
    expect(newer.code).toBe(1)
    expect(newer.of('database')).toContain(
      'written by a newer version of the service: it has schema 99, and ',
    )
    setSchema(3)
    const older = await diagnose(env)
    expect(older.of('database')).toMatch(/schema 3, which the next start brings to \d/)
    using file = new Database(db)
    expect(file.query('pragma user_version').values()).toEqual([[3]])
  })

  test('may be read by others; and its newest task is from a time to come', async () => {
    using home = serviceHome()
    const { env, db } = await left(home)
    {
      using file = new Database(db)
      file.run('update tasks set created_at = created_at + 3600000')
    }
    chmodSync(db, 0o644)
    const found = await diagnose(env)
    expect(found.of('database')).toMatch(/warning: .* may be read by others.* → chmod 600 /)
    expect(found.of('clock')).toMatch(
      /^warning: the newest task is from 3\d\d\d s ahead: the clock was/,
    )
  })

  test('is none, or in a folder that cannot be written', async () => {
    using home = serviceHome()
    const env = await alone(home)
    writeFileSync(env.TASK_DB!, 'PK'.repeat(5000))
    expect((await diagnose(env)).of('database')).toContain('not a database')
    const nowhere = await diagnose({ ...env, TASK_DB: `${env.TASK_DB}/x.db` })
    expect(nowhere.of('database')).toContain('its folder cannot be written')
    expect(nowhere.code).toBe(1)
  })
})

describe('the Registry', () => {
  test.each([
    ['sends HTML', html(), 'its answer is not JSON'],
    ['fails', reply({ status: 500 }), 'it answered 500'],
    ['sends something else', json({ services: [] }), 'its answer is no list of droplets'],
    ['hangs', hang, 'no answer within 500 ms'],
  ] as [string, Answer, string][])('%s', async (_, answer, error) => {
    await using registry = scriptedServer(answer)
    using home = serviceHome()
    // Whoever answers has time enough, on a busy machine too.
    const limit: Record<string, string> = answer === hang ? { REGISTRY_TIMEOUT: '0.5' } : {}
    const env = { ...(await alone(home)), REGISTRY_URL: registry.url, ...limit }
    const found = await diagnose(env)
    expect([found.code, found.wrong.registry, found.wrong.droplets]).toEqual([
      1,
      'failure',
      'warning',
    ])
    expect(found.of('registry')).toContain(`failure: ${registry.url}: ${error} → is REGISTRY_URL`)
  })

  test('is not there; a file is not there', async () => {
    using home = serviceHome()
    const env = await alone(home)
    const gone = await diagnose({ ...env, REGISTRY_URL: await deadUrl() })
    expect(gone.of('registry')).toContain('ECONNREFUSED: connection refused')
    const file = await diagnose({ ...env, REGISTRY_URL: `file:${home.file('none.json')}` })
    expect([file.code, file.of('registry')]).toEqual([1, expect.stringContaining('ENOENT')])
  })

  test('has entries that are none, and its clock is an hour ahead', async () => {
    const ahead = { date: new Date(Date.now() + 3_600_000).toUTCString() }
    await using registry = scriptedServer(
      json([{ name: 'a', url: 'ftp://h' }, { url: 'http://h' }], 200, ahead),
    )
    using home = serviceHome()
    const found = await diagnose({ ...(await alone(home)), REGISTRY_URL: registry.url })
    expect(found.of('registry')).toContain(
      'warning: 2 entries of its list cannot be used (entry 0: url: neither http nor https)',
    )
    expect(found.of('clock')).toMatch(/^failure: 3[56]\d\d s behind the Registry's/)
  })

  test('does not have us, or elsewhere', async () => {
    const entries: unknown[] = [{ name: 'a', url: 'http://127.0.0.1:1', status: 'inactive' }]
    await using registry = registryOf(() => entries)
    using home = serviceHome()
    const env = { ...(await alone(home)), REGISTRY_URL: registry.url }
    await using _ = await home.start(env)
    expect((await diagnose(env)).of('registry')).toContain(
      'warning: the service is not in its list',
    )
    entries.push({ name: 'orchestrator', url: 'http://10.0.0.99:8001' })
    const found = await diagnose(env)
    expect(found.of('registry')).toContain('warning: it lists us at http://10.0.0.99:8001, not at ')
    expect(found.of('droplets')).toContain('1 not asked, as the Registry has them as inactive')
  })
})

describe('droplets', () => {
  test('that hang, are dead, fail, have an expired certificate, or may not be called', async () => {
    const tls = (cert: string, key: string) =>
      Bun.serve({ port: 0, hostname: '127.0.0.1', tls: { cert, key }, fetch: () => new Response() })
    await using hanging = scriptedServer(hang)
    await using failing = scriptedServer(reply({ status: 503 }))
    await using well = scriptedServer()
    await using expired = tls(EXPIRED.cert, EXPIRED.key)
    await using secure = tls(CERTIFICATE, PRIVATE_KEY)
    using home = serviceHome()
    const env = await alone(home)
    home.list({
      hanging: hanging.url,
      dead: await deadUrl(),
      failing: failing.url,
      well: well.url,
      expired: `https://localhost:${expired.port}`,
      secure: `https://localhost:${secure.port}`,
      metadata: 'http://169.254.169.254',
    })
    writeFileSync(home.file('ca.pem'), `${CERTIFICATE}\n${EXPIRED.cert}\n`)
    const found = await diagnose({ ...env, NODE_EXTRA_CA_CERTS: home.file('ca.pem') })
    expect([found.code, found.wrong.droplets]).toEqual([1, 'failure'])
    const told = found.of('droplets').split('\n')
    expect(told).toHaveLength(7)
    for (const line of [
      /^failure: hanging: .*no answer within 2000 ms → is it running/,
      /^failure: dead: .*ECONNREFUSED/,
      /^warning: failing: .*\/health answers 503 → see its own log/,
      /^failure: expired: .*CERT_HAS_EXPIRED/,
      /^warning: metadata: .*link-local address that DROPLET_ALLOW does not name/,
      /^ok: 2 of 7 droplets answer/,
      /^ok: their first certificate ends in \d{5} days$/,
    ]) {
      expect(told).toContainEqual(expect.stringMatching(line))
    }
  })

  test('beyond 200 are counted only', async () => {
    await using droplet = scriptedServer()
    using home = serviceHome()
    const env = await alone(home)
    home.list(Object.fromEntries(Array.from({ length: 205 }, (_, n) => [`d-${n}`, droplet.url])))
    const found = await diagnose(env)
    expect(found.of('droplets')).toBe(
      'ok: 200 of 200 droplets answer, and nothing is wrong with them\n' +
        'ok: 5 more were not asked: 200 are enough',
    )
    expect(droplet.requests).toHaveLength(200)
  })
})

test('too few descriptors', async () => {
  using home = serviceHome({})
  const env = { ...(await alone(home)), TASK_MAX_RUNNING: '10000' }
  const command = ['/bin/sh', '-c', `ulimit -n 900 && exec ${binaryPath()} doctor`]
  const { stdout } = await runProcess(command, { env })
  expect(stdout).toContain('900 open files, enough for 322 of 10000 tasks at once')
  expect(stdout).toContain('raise LimitNOFILE in the unit (or ulimit -n) to 20256')
})

test('the service is not ready: its reasons are shown', async () => {
  using home = serviceHome()
  const env = { ...(await alone(home)), REGISTRY_URL: await deadUrl() }
  await using service = await home.start(env)
  await eventually('a failed sync', () => service.log('the sync with the Registry failed').length)
  const found = await diagnose(env)
  expect(found.code).toBe(1)
  expect(found.of('service')).toMatch(/^failure: registry: there is no usable list of droplets/)
})

/** Of a user of its own: so it may mount and set up its network, and no more. */
const NAMESPACE = ['unshare', '--map-root-user', '--net', '--mount']
const SETUP = 'ip link set lo up && ip address add 10.99.0.1/32 dev lo && mount -t tmpfs tmpfs /etc'
const tools = ['unshare', 'ip', 'mount'].every((tool) => Bun.which(tool) !== null)
const isPossible = tools && Bun.spawnSync([...NAMESPACE, 'sh', '-c', SETUP]).exitCode === 0
const skipped = isPossible ? '' : ' (skipped: no namespaces to be had: unshare, ip and mount)'

test.skipIf(!isPossible)(
  `unit, nginx, small disk, PUBLIC_URL, the unit's log level${skipped}`,
  async () => {
    binaryPath()
    const program = `${SETUP} && exec "$0" test/support/doctor-program.ts`
    const env = { PATH: process.env.PATH ?? '' }
    const command = [...NAMESPACE, 'sh', '-c', program, process.execPath]
    const { code, stdout, stderr } = await runProcess(command, { cwd: ROOT, env })
    expect([code, stderr]).toEqual([0, ''])
    const told = JSON.parse(stdout) as Record<string, Result> & { reloaded: string }
    const said = (name: string, check: string) => {
      const { code: exit, stdout: text } = told[name]!
      return `${exit} ${diagnosisOf(exit, text).of(check)}`
    }

    expect(said('same unit', 'unit')).toMatch(/^0 ok: \S+ is what this version prints$/)
    expect(said('same unit', 'configuration')).toMatch(/\/etc\/fpai\/orchestrator\.env, the rest/)
    expect(said('other unit', 'unit')).toContain('is not what this version prints → see how: ')
    expect(said('other unit', 'unit')).toContain(
      'TimeoutStopSec=20 ends tasks before SHUTDOWN_GRACE',
    )
    expect(said('faulty settings of the unit', 'configuration')).toMatch(
      /^1 failure: PORT="x".*\nwarning: \/etc\/fpai\/orchestrator\.env: there is no setting TASK_TIMOUT/,
    )
    expect(said('an --env-file in their place', 'configuration')).toMatch(/^0 ok: /)

    expect(said('nginx with its default', 'proxy')).toMatch(
      /^0 warning: nginx \(.*mesh\.conf\) gives up after 60 s, its default; .*→ set proxy_read_timeout 130s;/,
    )
    expect(said('nginx that waits', 'proxy')).toMatch(/^0 ok: nginx .* waits for the 127 s/)

    expect(said('small disk', 'disk')).toMatch(/^1 failure: \S+disk: 1\d\.\d MiB .*→ make room/)

    expect(said('a proxy', 'proxy')).toMatch(
      /^0 ok: .* leads here through nginx\/1\.22, which must/,
    )
    expect(said('another service', 'proxy')).toMatch(/^1 failure: .* leads to something else/)
    expect(said('another Orchestrator', 'proxy')).toContain('another Orchestrator, of version 0.9')
    expect(said('nobody outside', 'proxy')).toMatch(/^0 warning: .*ECONNREFUSED/)

    expect(JSON.parse(told.reloaded)).toMatchObject({ from: 'ERROR', to: 'DEBUG' })
  },
)
