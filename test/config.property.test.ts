import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { faultText, loadConfig, type Config } from '../src/config/config.ts'
import type { ConfigWorld } from '../src/config/source.ts'
import { VARIABLE_NAMES } from '../src/config/variables.ts'
import { allowRealTime } from './support/eventually.ts'

allowRealTime()

const WORLD: ConfigWorld = {
  writable: () => true,
  isTerminal: false,
  home: '/home/me',
  cwd: '/srv',
}

const OTHER_HALF: Readonly<Record<string, string>> = {
  TLS_CERT_FILE: 'TLS_KEY_FILE',
  TLS_KEY_FILE: 'TLS_CERT_FILE',
}

function portOf(text: string): number | undefined {
  const loaded = loadConfig({ PORT: text }, WORLD)
  return loaded.ok ? loaded.config.port : undefined
}

describe('any environment', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double().map(String),
    fc.integer().map(String),
    fc.webUrl({ withQueryParameters: true }),
    fc.constantFrom('true', 'INFO', 'json', ':memory:', 'file:x', '::', '30', '0', '0.5', '/x'),
  )
  const names = [...VARIABLE_NAMES, 'STATE_DIRECTORY', 'CACHE_DIRECTORY']
  const environment = fc.dictionary(fc.constantFrom(...names), text)
  const anyWorld = fc.record({
    writable: fc.func(fc.boolean()),
    isTerminal: fc.boolean(),
    home: fc.option(text, { nil: undefined }),
    cwd: fc.constant('/srv'),
  })

  test('gives a configuration within bounds, or faults of known variables', () => {
    fc.assert(
      fc.property(environment, anyWorld, (env, where) => {
        const loaded = loadConfig(env, where)
        if (loaded.ok) return expectWithinBounds(loaded.config)
        expect(loaded.faults).not.toBeEmpty()
        for (const fault of loaded.faults) {
          expect(VARIABLE_NAMES).toContain(fault.variable)
          expect(faultText(fault)).not.toMatch(/[\n\r]/)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('one variable at a time, so that values get through', () => {
    let accepted = 0
    fc.assert(
      fc.property(fc.constantFrom(...VARIABLE_NAMES), text, (name, value) => {
        // A certificate needs its key, and the other way round.
        const other = OTHER_HALF[name]
        const loaded = loadConfig({ [name]: value, ...(other && { [other]: '/x' }) }, WORLD)
        if (loaded.ok) {
          accepted++
          expectWithinBounds(loaded.config)
        } else expect(loaded.faults.map((fault) => fault.variable)).toEqual([name])
      }),
      { numRuns: 2000 },
    )
    expect(accepted).toBeGreaterThan(50)
  })

  test('whole numbers are read as written, and nothing else as one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 65_535 }),
        fc.string({ minLength: 1 }),
        (port, other) => {
          expect(portOf(`${port}`)).toBe(port)
          if (!/^\d*$/.test(other)) expect(portOf(`${port}${other}`)).toBeUndefined()
        },
      ),
    )
  })
})

// Longest delay of a timer; a longer one fires at once.
const TIMER_MS = 2 ** 31 - 1

function expectWithinBounds(config: Config): void {
  const { registry, task } = config
  const timers = [registry.syncIntervalMs, registry.timeoutMs, task.timeoutMs]
  for (const ms of timers) expect(ms >= 1 && ms <= TIMER_MS).toBe(true)
  for (const ms of [config.probeIntervalMs, config.shutdownGraceMs]) {
    expect(ms >= 0 && ms <= TIMER_MS).toBe(true)
  }
  const numbers = [...Object.values(config), ...Object.values(registry), ...Object.values(task)]
  for (const value of numbers) {
    if (typeof value === 'number') expect(Number.isSafeInteger(value) && value >= 0).toBe(true)
    if (typeof value === 'string') expect(value).not.toBe('')
  }
  expect(config.port).toBeLessThanOrEqual(65_535)
  expect(registry.url).toMatch(/^(https?|file):\/\/.*[^/]$/)
  expect(registry.url).not.toMatch(/^https?:\/\/[^/]*@/)
  if (config.publicUrl !== null) expect(config.publicUrl).toMatch(/^https?:\/\/.*[^/]$/)
}
