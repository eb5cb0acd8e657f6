import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, type Config } from '../../src/config/config.ts'

export type DeepPartial<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[]
    ? T[K]
    : T[K] extends object
      ? DeepPartial<T[K]>
      : T[K]
}

/**
 * The defaults, without effects outside the test: loopback, a free port, no file but in a
 * directory of its own (not there yet), a Registry that refuses, neither probes nor
 * self-registration, errors only in the log.
 */
export function testConfig(overrides: DeepPartial<Config> = {}): Config {
  const loaded = loadConfig(
    {
      HOST: '127.0.0.1',
      PORT: '0',
      REGISTRY_URL: 'http://127.0.0.1:1',
      REGISTRY_CACHE_DIR: join(tmpdir(), `orchestrator-test-${randomUUID()}`),
      REGISTER_SELF: 'false',
      DROPLET_PROBE_INTERVAL: '0',
      TASK_DB: ':memory:',
      LOG_LEVEL: 'ERROR',
    },
    { writable: () => false, isTerminal: false, home: undefined },
  )
  if (!loaded.ok) throw new Error('The configuration of the tests is not valid')
  const base = loaded.config
  return {
    ...base,
    ...overrides,
    tls: { ...base.tls, ...overrides.tls },
    access: { ...base.access, ...overrides.access },
    droplets: { ...base.droplets, ...overrides.droplets },
    registry: { ...base.registry, ...overrides.registry },
    task: { ...base.task, ...overrides.task },
    log: { ...base.log, ...overrides.log },
    traces: { ...base.traces, ...overrides.traces, headers: base.traces.headers },
  }
}
