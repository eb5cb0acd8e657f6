/** A configuration for each process: small places and short memories meet more than defaults do. */
import type { Config } from '../../src/config/config.ts'
import type { Retention } from '../../src/store/sqlite/history.ts'
import { testConfig } from '../support/config.ts'
import { MAX_RESPONSE_BYTES } from './droplets.ts'
import type { Prng } from './prng.ts'
import { REGISTRY_URL } from './sim-registry.ts'

const HOUR_MS = 3_600_000

export function randomConfig(chance: Prng): Config {
  return testConfig({
    publicUrl: 'http://orchestrator:8001',
    registry: {
      url: REGISTRY_URL,
      syncIntervalMs: chance.pick([30_000, 60_000, 300_000]),
      timeoutMs: 5000,
      cacheExpiryMs: chance.pick([0, 60_000, 300_000]),
      registerSelf: chance.chance(0.5),
    },
    // Twice a second the list is looked at: that is most of all events then.
    probeIntervalMs: chance.chance(0.08) ? 60_000 : 0,
    task: {
      maxResponseBytes: MAX_RESPONSE_BYTES,
      concurrency: chance.pick([1, 2, 3, 4, 8, 64]),
      maxQueued: chance.pick([6, 40, 100_000]),
    },
    shutdownGraceMs: chance.pick([0, 500, 10_000, 30_000]),
  })
}

export function randomRetention(chance: Prng): Retention {
  return {
    maxFinished: chance.pick([5, 40, 150]),
    ttlMs: chance.pick([1, 3, 24]) * HOUR_MS,
  }
}
