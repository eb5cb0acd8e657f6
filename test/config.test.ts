import { describe, expect, test } from 'bun:test'
import { faultText, loadConfig, type Config } from '../src/config/config.ts'
import type { ConfigWorld, Environment } from '../src/config/source.ts'
import { VARIABLES, VARIABLE_NAMES, type VariableName } from '../src/config/variables.ts'
import { envExample } from './support/settings-documents.ts'

function world(writable: string[] = ['/var/cache/fpai', '/var/lib/fpai']): ConfigWorld {
  return {
    writable: (dir) => writable.includes(dir),
    isTerminal: false,
    home: '/home/me',
    cwd: '/srv',
  }
}

function configOf(env: Environment, where = world()): Config {
  const loaded = loadConfig(env, where)
  if (!loaded.ok) throw new Error(loaded.faults.map(faultText).join('\n'))
  return loaded.config
}

function faultsOf(env: Environment, where = world()): string[] {
  const loaded = loadConfig(env, where)
  return loaded.ok ? [] : loaded.faults.map(faultText)
}

function sourceOf(name: VariableName, env: Environment, where = world()) {
  const loaded = loadConfig(env, where)
  const setting = loaded.ok ? loaded.settings.find((one) => one.name === name) : undefined
  return [setting?.value, setting?.source]
}

const SECRETS = [`whsec_${btoa('a'.repeat(24))}`, `whsec_${btoa('b'.repeat(64))}`]

const DEFAULTS: Config = {
  host: '0.0.0.0',
  port: 8001,
  nodeName: 'localhost:8001',
  publicUrl: null,
  tls: { certFile: null, keyFile: null },
  access: { tokensFile: null, corsOrigins: [], rateLimit: 0, trustProxy: [] },
  registry: {
    url: 'http://localhost:8000',
    syncIntervalMs: 60_000,
    timeoutMs: 5000,
    cacheDir: '/var/cache/fpai',
    cacheExpiryMs: 300_000,
    registerSelf: true,
  },
  probeIntervalMs: 30_000,
  droplets: {
    allow: [],
    maxConcurrency: 256,
    maxWaiting: 1000,
    breakerThreshold: 5,
    breakerGraceMs: 30_000,
    signingSecrets: [],
    signingSecretFile: null,
  },
  task: {
    timeoutMs: 30_000,
    maxRetries: 3,
    maxHistory: 10_000,
    historyTtlMs: 0,
    maxResponseBytes: 10_485_760,
    maxRunning: 10_000,
    concurrency: 64,
    maxQueued: 100_000,
    db: '/var/lib/fpai/orchestrator.db',
    leaseMs: 30_000,
  },
  maxBodyBytes: 1_048_576,
  log: { level: 'INFO', format: 'json' },
  metricsMaxDroplets: 200,
  traces: { endpoint: null, headers: {}, share: 1 },
  shutdownGraceMs: 30_000,
}

describe('defaults', () => {
  test('an empty environment has the defaults of the contract', () => {
    expect(configOf({})).toEqual(DEFAULTS)
  })

  test('an empty variable counts as unset', () => {
    const empty = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, '']))
    expect(configOf(empty)).toEqual(DEFAULTS)
  })

  test('.env.example holds the defaults, its comments too', () => {
    const text = envExample()
    expect(configOf(parseEnv(text))).toEqual(DEFAULTS)
    const all = parseEnv(text.replaceAll(/^# (?=[A-Z_]+=)/gm, ''))
    expect(Object.keys(all)).toEqual(VARIABLE_NAMES)
    expect(configOf(all, world([]))).toEqual({ ...DEFAULTS, publicUrl: 'http://localhost:8001' })
  })

  test('a Config is frozen through and through', () => {
    const config = configOf({})
    for (const part of [config, config.registry, config.task, config.log]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })
})

describe('values', () => {
  test.each(['x.db', './a:b', './postgres://x', 'data/x:y.db', '/x~', '/a b/$x', '/x/%', '../x'])(
    '%p is a path',
    (path) => {
      const { registry, task } = configOf({ TASK_DB: path, REGISTRY_CACHE_DIR: path })
      expect([registry.cacheDir, task.db]).toEqual([path, path])
    },
  )

  test('every variable reaches its field', () => {
    const env = {
      HOST: '::1',
      PORT: '0',
      PUBLIC_URL: 'https://Orchestrator.example/base/',
      TLS_CERT_FILE: 'cert.pem',
      TLS_KEY_FILE: 'key.pem',
      AUTH_TOKENS_FILE: '/etc/tokens',
      CORS_ORIGINS: 'https://App.example:443, http://localhost:3000',
      RATE_LIMIT: '50',
      TRUST_PROXY: '10.0.0.0/8 ::1',
      REGISTRY_URL: 'HTTP://registry:8000/',
      REGISTRY_SYNC_INTERVAL: '1',
      REGISTRY_TIMEOUT: '0.5',
      REGISTRY_CACHE_DIR: 'cache',
      REGISTRY_CACHE_EXPIRY: '0',
      REGISTER_SELF: 'No',
      DROPLET_PROBE_INTERVAL: '0',
      DROPLET_ALLOW: '*.Mesh.example,10.0.0.0/8',
      DROPLET_SIGNING_SECRET: SECRETS.join(','),
      DROPLET_SIGNING_SECRET_FILE: 'secrets',
      DROPLET_MAX_CONCURRENCY: '3',
      DROPLET_MAX_WAITING: '0',
      BREAKER_THRESHOLD: '0',
      BREAKER_GRACE: '1.5',
      TASK_TIMEOUT: '2.25',
      TASK_MAX_RETRIES: '0',
      TASK_MAX_HISTORY: '10',
      TASK_HISTORY_TTL: '60',
      TASK_MAX_RESPONSE_BYTES: '1024',
      TASK_MAX_RUNNING: '5',
      TASK_CONCURRENCY: '2',
      TASK_MAX_QUEUED: '7',
      TASK_DB: ':memory:',
      TASK_LEASE: '5',
      NODE_NAME: 'node-1',
      MAX_BODY_BYTES: '2048',
      LOG_LEVEL: 'wArNing',
      LOG_FORMAT: 'TEXT',
      METRICS_MAX_DROPLETS: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a%3D, x-tenant=1',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      SHUTDOWN_GRACE: '0',
    }
    expect(Object.keys(env)).toEqual(VARIABLE_NAMES)
    expect(configOf(env)).toEqual({
      host: '::1',
      port: 0,
      nodeName: 'node-1',
      publicUrl: 'https://orchestrator.example/base',
      tls: { certFile: 'cert.pem', keyFile: 'key.pem' },
      access: {
        tokensFile: '/etc/tokens',
        corsOrigins: ['https://app.example', 'http://localhost:3000'],
        rateLimit: 50,
        trustProxy: ['10.0.0.0/8', '::1'],
      },
      registry: {
        url: 'http://registry:8000',
        syncIntervalMs: 1000,
        timeoutMs: 500,
        cacheDir: 'cache',
        cacheExpiryMs: 0,
        registerSelf: false,
      },
      probeIntervalMs: 0,
      droplets: {
        allow: ['*.mesh.example', '10.0.0.0/8'],
        maxConcurrency: 3,
        maxWaiting: 0,
        breakerThreshold: 0,
        breakerGraceMs: 1500,
        signingSecrets: SECRETS,
        signingSecretFile: 'secrets',
      },
      task: {
        timeoutMs: 2250,
        maxRetries: 0,
        maxHistory: 10,
        historyTtlMs: 60_000,
        maxResponseBytes: 1024,
        maxRunning: 5,
        concurrency: 2,
        maxQueued: 7,
        db: ':memory:',
        leaseMs: 5000,
      },
      maxBodyBytes: 2048,
      log: { level: 'WARNING', format: 'text' },
      metricsMaxDroplets: 0,
      traces: {
        endpoint: 'http://collector:4318',
        headers: { authorization: 'Bearer a=', 'x-tenant': '1' },
        share: 0.25,
      },
      shutdownGraceMs: 0,
    })
  })

  test.each(['true', 'TRUE', 'Yes', '1'])('REGISTER_SELF=%s is true', (text) => {
    expect(configOf({ REGISTER_SELF: text }).registry.registerSelf).toBe(true)
  })

  test.each([
    ['file:///etc/droplets.json', 'file:///etc/droplets.json'],
    ['file:/etc/droplets.json', 'file:///etc/droplets.json'],
    ['file:droplets.json', 'file:///srv/droplets.json'],
    ['file:./my droplets.json', 'file:///srv/my%20droplets.json'],
    ['http://h:1/base//', 'http://h:1/base'],
    ['http://[::1]:8000', 'http://[::1]:8000'],
    ['http://h/@base', 'http://h/@base'],
  ])('REGISTRY_URL=%s is %s', (text, url) => {
    expect(configOf({ REGISTRY_URL: text }).registry.url).toBe(url)
  })
})

/** To whom writes these, they are more than the name of a file; as one, they make a new file. */
const MORE_THAN_PATHS = [
  ...['postgres:db', 'POSTGRES://db', 'http://h/x', 'sqlite:///x.db', 'sqlite:x.db'],
  ...['file:x.db', 'file:///x.db?mode=ro', 's3+https:x', 'x:y', 'C:\\x.db', 'C:/x.db', '\\\\h\\x'],
  ...['~/x.db', '$HOME/x.db', '${HOME}/x.db', '%S/x.db', '"/x.db"', "'/x.db'", ':', '::x'],
]

const BAD: [VariableName, string[]][] = [
  [
    'HOST',
    [
      '*',
      'localhost:8001',
      '0.0.0.0:8001',
      '//h',
      '[::1]',
      '999.0.0.1',
      '0',
      'a b',
      'a..b',
      'http://h',
      '-'.repeat(64),
    ],
  ],
  ['PORT', ['abc', '-1', '65536', '80.0', '0x10', '1e3', ' 5', '5 ', '+5', '080', 'NaN', '٣']],
  ['PUBLIC_URL', ['http://8001', 'http://0x7f.1', 'http://127.1', 'http://h:1:2', 'http://:1']],
  ['PUBLIC_URL', ['h', 'file:/x', 'http://', 'http:///h', 'http:h', 'http://h/?q', 'http://h/#f']],
  [
    'REGISTRY_URL',
    ['/etc/droplets.json', 'ftp://h', 'http://h /', 'http://h\\x', 'http://h:99999'],
  ],
  ['REGISTRY_URL', ['file:', 'file:///', 'file://host/x.json', 'file:x/', 'file:x?y', 'file:..']],
  ['REGISTRY_SYNC_INTERVAL', ['0', '0.05', '86401', '5s', 'Infinity', '-1', '1e3']],
  ['REGISTRY_TIMEOUT', ['0', '5.', '.5', '5,0', '301', '0x5']],
  ['REGISTRY_CACHE_DIR', [' /tmp', '/tmp\n', '/t\0mp', ':memory:', ...MORE_THAN_PATHS]],
  ['REGISTRY_CACHE_EXPIRY', ['0.0004', '-0', '31536001', 'never']],
  ['REGISTER_SELF', ['on', '2', 'tru', ' true']],
  ['DROPLET_PROBE_INTERVAL', ['0.05', 'off', '86401']],
  ['TLS_CERT_FILE', ['~/cert.pem', '/etc/', 'file:cert.pem']],
  ['TLS_KEY_FILE', ['$KEY', '/etc/']],
  ['AUTH_TOKENS_FILE', ['https://h/tokens', '/etc/', ' x']],
  [
    'CORS_ORIGINS',
    [
      '*',
      'https://*.h',
      'null',
      'app.example',
      'https://h/',
      'https://h/x',
      'https://u@h',
      'ws://h',
    ],
  ],
  ['RATE_LIMIT', ['-1', '0.5', '1000001', '50/s']],
  ['TRUST_PROXY', ['proxy', '10.0.0.0/33', '10.1', '0x7f.0.0.1', '10.0.0.0-10.0.0.9', '*']],
  [
    'DROPLET_ALLOW',
    [
      '*',
      'h:80',
      'http://h',
      '10.0.0.0/33',
      '*.*.h',
      'a..b',
      '2130706433',
      '127.1',
      '0xa9fea9fe',
      '*.0x7f',
    ],
  ],
  [
    'DROPLET_SIGNING_SECRET',
    ['hunter2', 'whsec_', `whsec_${btoa('short')}`, `whsec_${'!'.repeat(32)}`],
  ],
  ['DROPLET_SIGNING_SECRET', [[...SECRETS, ...SECRETS].join(), `whsec_${btoa('x'.repeat(65))}`]],
  ['DROPLET_SIGNING_SECRET_FILE', ['/etc/', '~/x']],
  ['DROPLET_MAX_CONCURRENCY', ['0', '60001']],
  ['DROPLET_MAX_WAITING', ['-1', '1000001']],
  ['BREAKER_THRESHOLD', ['-1', '1001', 'off']],
  ['BREAKER_GRACE', ['-1', '3601', '30s']],
  ['TASK_MAX_RUNNING', ['0', '60001']],
  ['TASK_TIMEOUT', ['0', '600.001', '30s']],
  ['TASK_MAX_RETRIES', ['11', '1.5', '-1', '1_0']],
  ['TASK_MAX_HISTORY', ['0', '1e5', '100000001']],
  ['TASK_HISTORY_TTL', ['0.05', '9999999999', 'never']],
  ['TASK_MAX_RESPONSE_BYTES', ['0', '10MB', '1073741825']],
  ['TASK_CONCURRENCY', ['0', '10001', '1.0']],
  ['TASK_MAX_QUEUED', ['0', '10000001']],
  ['TASK_DB', ['/var/lib/', ' x', ':MEMORY:', ':memory:x', ...MORE_THAN_PATHS]],
  ['MAX_BODY_BYTES', ['0', '268435457']],
  ['LOG_LEVEL', ['WARN', 'INFO ', '1']],
  ['LOG_FORMAT', ['xml']],
  ['METRICS_MAX_DROPLETS', ['-1', '10001', 'all']],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', ['collector:4318', 'http://u:p@h', 'grpc://h']],
  ['OTEL_EXPORTER_OTLP_HEADERS', ['a', '=b', 'a=%zz', 'a=1,', 'a b=1', 'a=%0d%0a']],
  ['OTEL_TRACES_SAMPLER_ARG', ['-0.1', '1.1', '2', '.5', '50%', '1e-3', 'NaN']],
  ['SHUTDOWN_GRACE', ['-1', '3601', '1m']],
]

describe('faults', () => {
  test.each(BAD)('%s refuses what it could misread', (name, texts) => {
    for (const text of texts) {
      const loaded = loadConfig({ [name]: text }, world())
      expect([text, loaded.ok]).toEqual([text, false])
      if (!loaded.ok) expect(loaded.faults.map((fault) => fault.variable)).toEqual([name])
    }
  })

  test('all of them are told at once, in the order of the table', () => {
    expect(faultsOf({ LOG_LEVEL: 'loud', PORT: 'abc', TASK_TIMEOUT: '5s' })).toEqual([
      'PORT="abc": must be a whole number from 0 to 65535',
      'TASK_TIMEOUT="5s": must be a number of seconds from 0.001 to 600, with at most 3 decimals',
      'LOG_LEVEL="loud": must be DEBUG, INFO, WARNING or ERROR',
    ])
  })

  test.each([
    ['~/x.db', '~ is not expanded: write the whole path'],
    ['$HOME/x.db', '$ is not expanded: write the path itself'],
    ['"/x.db"', 'the quotes are part of the value: leave them out'],
    ['mysql:x', 'no other database is supported, and no other URL'],
    ['C:\\x.db', 'paths of Windows are not supported'],
    ['/x/', 'that is a directory: name a file in it'],
    [' /x', 'it begins or ends with white space'],
    [':x', 'put ./ in front of the colon'],
  ])('TASK_DB=%s is told what is wrong with it', (text, reason) => {
    expect(faultsOf({ TASK_DB: text })).toEqual([
      `TASK_DB=${JSON.stringify(text)}: must be the path of a SQLite file, :memory:, or ` +
        `postgres://USER:PASSWORD@HOST:PORT/DATABASE; ${reason}`,
    ])
  })

  test('of a list, the item that is wrong is named', () => {
    expect(faultsOf({ TRUST_PROXY: '10.0.0.0/8, proxy' })).toEqual([
      'TRUST_PROXY="10.0.0.0/8, proxy": must be empty, or a list, separated by commas, of ' +
        'addresses and networks such as 10.0.0.0/8 or fd00::/8; "proxy" is not one',
    ])
  })

  test.each([
    ['AUTH_TOKENS_FILE', `orc_${'hunter2'.repeat(5)}x`],
    ['DROPLET_SIGNING_SECRET_FILE', SECRETS[0]!],
    ['TLS_KEY_FILE', SECRETS[0]!],
  ])('%s does not take the secret itself for a path, and show it', (name, secret) => {
    expect(faultsOf({ [name]: secret })).toEqual([
      `${name}="***": must be empty, or the path of a file; that is the secret itself`,
    ])
  })

  test.each(['CORS_ORIGINS', 'DROPLET_ALLOW', 'TRUST_PROXY'])('%s hides passwords', (name) => {
    const fault = faultsOf({ [name]: '10.0.0.1 https://user:hunter2@a.example,b' }).join()
    expect(fault).toStartWith(`${name}="10.0.0.1 https://***@a.example,b": must be empty`)
    expect(fault).not.toContain('hunter2')
  })

  test('a secret is never shown, whether it is valid or not', () => {
    const fault = faultsOf({ DROPLET_SIGNING_SECRET: 'whsec_hunter2' }).join()
    expect(fault).toStartWith('DROPLET_SIGNING_SECRET="***": must be')
    expect(fault).not.toContain('hunter2')
    const env = { DROPLET_SIGNING_SECRET: SECRETS[0]! }
    expect(sourceOf('DROPLET_SIGNING_SECRET', env)).toEqual(['***', 'environment'])
  })

  test('a URL is no directory', () => {
    expect(faultsOf({ REGISTRY_CACHE_DIR: 's3:x' })).toEqual([
      'REGISTRY_CACHE_DIR="s3:x": must be the path of a directory; a URL is no path',
    ])
  })

  test.each([
    'http://me:hunter2@registry:8000',
    'https://hunter2@registry',
    'http://registry/?token=hunter2',
    'me:hunter2@registry',
    'http://me:hun/hunter2@reg istry',
    'ftp://me:hunter2\n@x',
  ])('%p is refused without telling its secret', (url) => {
    const faults = faultsOf({ REGISTRY_URL: url, PUBLIC_URL: url }).join('\n')
    expect(faults).toContain('REGISTRY_URL="')
    expect(faults).toContain('PUBLIC_URL="')
    expect(faults).toContain('***')
    expect(faults).not.toContain('hunter2')
  })

  test.each([
    'postgres://me:hunter2@db',
    'postgres://me:hunter2@/tasks',
    'postgres:me:hunter2@db',
    'postgres://db?user=me&password=hunter2',
    'jdbc:sqlserver://db;user=me;password=hunter2',
    'http://db#hunter2',
  ])('the path %p is refused without telling its secret', (path) => {
    const faults = faultsOf({ TASK_DB: path, REGISTRY_CACHE_DIR: path })
    expect(faults).toHaveLength(2)
    expect(faults[1]).toMatch(/^TASK_DB=".*\*\*\*.*": must be the path of a SQLite file/)
    expect(faults.join()).not.toContain('hunter2')
  })

  test('a fault is one line of bearable length, whatever the value', () => {
    const [fault] = faultsOf({ PORT: `a\nb${'c'.repeat(5000)}` })
    expect(fault).toStartWith('PORT="a\\nbccc')
    expect(fault!.length).toBeLessThan(300)
    expect(fault).not.toContain('\n')
  })

  test('a relative file: needs to know where to start', () => {
    const { cwd: _, ...nowhere } = world()
    expect(faultsOf({ REGISTRY_URL: 'file:x.json' }, nowhere)).toHaveLength(1)
    expect(faultsOf({ REGISTRY_URL: 'file:/x.json' }, nowhere)).toEqual([])
  })
})

describe('what depends on the machine', () => {
  const granted = { CACHE_DIRECTORY: '/c/one:/c/two', STATE_DIRECTORY: '/s/one:/s/two' }

  test.each([
    [['/var/cache/fpai', '/c/one', '/home/me/.cache/fpai'], '/var/cache/fpai', 'default'],
    [['/c/one', '/c/two', '/home/me/.cache/fpai'], '/c/one', 'fallback'],
    [['/c/two', '/home/me/.cache/fpai'], '/home/me/.cache/fpai', 'fallback'],
  ])('REGISTRY_CACHE_DIR where %p can be written: %s', (writable, dir, source) => {
    const where = world(['/var/lib/fpai', ...writable])
    expect(configOf(granted, where).registry.cacheDir).toBe(dir)
    expect(sourceOf('REGISTRY_CACHE_DIR', granted, where)).toEqual([dir, source])
  })

  test.each([
    [['/var/lib/fpai', '/s/one'], '/var/lib/fpai/orchestrator.db', 'default'],
    [['/s/one', '/home/me/.local/state/fpai'], '/s/one/orchestrator.db', 'fallback'],
    [['/home/me/.local/state/fpai'], '/home/me/.local/state/fpai/orchestrator.db', 'fallback'],
  ])('TASK_DB where %p can be written: %s', (writable, db, source) => {
    const where = world(['/var/cache/fpai', ...writable])
    expect(configOf(granted, where).task.db).toBe(db)
    expect(sourceOf('TASK_DB', granted, where)).toEqual([db, source])
  })

  test('what is set is taken as it is, writable or not', () => {
    const config = configOf({ TASK_DB: '/x/y.db', REGISTRY_CACHE_DIR: '/z' }, world([]))
    expect([config.task.db, config.registry.cacheDir]).toEqual(['/x/y.db', '/z'])
  })

  test('nowhere to write: a fault for the database, not for the cache', () => {
    expect(faultsOf({}, world([]))).toEqual([
      expect.stringMatching(
        /^TASK_DB is not set: .*, as none of the directories it is kept in by /,
      ),
    ])
    expect(configOf({ TASK_DB: ':memory:' }, world([])).registry.cacheDir).toBe('/var/cache/fpai')
  })

  test('LOG_FORMAT is text on a terminal unless set', () => {
    const terminal = { ...world(), isTerminal: true }
    expect(configOf({}, terminal).log.format).toBe('text')
    expect(configOf({ LOG_FORMAT: 'json' }, terminal).log.format).toBe('json')
  })

  test('PUBLIC_URL follows PORT', () => {
    expect(sourceOf('PUBLIC_URL', { PORT: '9001' })).toEqual(['http://localhost:9001', 'default'])
    expect(sourceOf('PUBLIC_URL', { PORT: '0' })).toEqual(['http://localhost:<PORT>', 'default'])
    const tls = { PORT: '8443', TLS_CERT_FILE: '/c.pem', TLS_KEY_FILE: '/k.pem' }
    expect(sourceOf('PUBLIC_URL', tls)).toEqual(['https://localhost:8443', 'default'])
    expect(configOf({ PORT: '9001' }).publicUrl).toBeNull()
  })

  test('NODE_NAME is the name of the machine and the port', () => {
    const named = { ...world(), hostname: 'web 1.example' }
    expect(configOf({ PORT: '9001' }, named).nodeName).toBe('web-1.example:9001')
    expect(configOf({ PORT: '0' }, named).nodeName).toBe('web-1.example')
    expect(configOf({}, { ...named, hostname: '' }).nodeName).toBe('localhost:8001')
  })
})

describe('a Postgres', () => {
  const URL = 'postgres://me:p%40ss@db.example:5432/tasks?sslmode=require'
  const ENCODE = 'in a password, percent-encode @ : / ? # %'
  const UNREADABLE = `its host and port cannot be read; ${ENCODE}`

  test('is a database, if the URL for all nodes is known', () => {
    const env = { TASK_DB: URL, PUBLIC_URL: 'http://lb' }
    expect(configOf(env).task.db).toBe(URL)
    expect(sourceOf('TASK_DB', env)).toEqual([URL.replace('p%40ss', '***'), 'environment'])
    expect(faultsOf({ TASK_DB: URL })).toEqual([
      'PUBLIC_URL is not set: must be the URL under which all nodes are reached, as TASK_DB is a Postgres',
    ])
  })

  test.each([
    ['postgres://me@db', 'it names no database'],
    ['postgres://db/tasks', 'it names no user'],
    ['postgresql:///tasks', UNREADABLE],
    ['postgres://me:a#b@db/tasks', UNREADABLE],
    ['postgres://me:hunt', UNREADABLE],
    ['postgres://me:x@db:99999/tasks', UNREADABLE],
    ['postgres://me:x@db/tasks#x', `it has a fragment; ${ENCODE}`],
    ['postgres://me:a%zz@db/tasks', `a % in it begins no percent-encoding; ${ENCODE}`],
    ['postgres://me:a%ff@db/tasks', `a % in it begins no percent-encoding; ${ENCODE}`],
    ['postgres://me:a b@db/tasks', 'it holds white space: percent-encode it'],
    [
      'postgres://me:x@db/tasks?sslmode=verify-fulll',
      'sslmode is one of disable, allow, prefer, require, verify-ca, verify-full',
    ],
    [
      'host=db user=me password=hunter2',
      'a list of host=… and the like is not supported: write it as a URL',
    ],
  ])('%p is told what is wrong with it', (text, reason) => {
    const faults = faultsOf({ TASK_DB: text, PUBLIC_URL: 'http://lb' }).join()
    expect(faults).toEndWith(`; ${reason}`)
    expect(faults).not.toContain('hunt')
  })
})

/** As `--env-file` reads these lines. */
function parseEnv(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z]/.test(line))
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/, 2) as [string, string]))
}

test('every default is one that its own variable allows', () => {
  for (const name of VARIABLE_NAMES) {
    const { kind, default: fallback } = VARIABLES[name]
    expect([name, kind.parse(fallback.replace('<PORT>', '1'))]).not.toEqual([name, undefined])
  }
})
