/** A configuration for each process. Small limits and short retention are reached; defaults are not. */
import type { Config } from '../../../src/config/config.ts'
import type { Retention } from '../../../src/store/store.ts'
import { testConfig } from '../../support/config.ts'
import { MAX_RESPONSE_BYTES } from '../environment/droplet-plan.ts'
import type { Prng } from '../world/prng.ts'
import { REGISTRY_URL } from '../environment/sim-registry.ts'

const HOUR_MS = 3_600_000

/** What all processes of a run have in common: how long a list is kept, and whether it has us. */
export interface MeshRules {
  readonly cacheExpiryMs: number
  readonly registerSelf: boolean
}

export function randomMeshRules(random: Prng): MeshRules {
  return {
    cacheExpiryMs: random.pick([0, 60_000, 300_000]),
    registerSelf: random.chance(0.7),
  }
}

export function randomConfig(random: Prng, rules: MeshRules): Config {
  return testConfig({
    publicUrl: 'http://orchestrator:8001',
    registry: {
      url: REGISTRY_URL,
      syncIntervalMs: random.pick([30_000, 60_000, 300_000]),
      timeoutMs: 5000,
      ...rules,
    },
    // The prober looks at the list twice a second: then most of all events are its.
    probeIntervalMs: random.chance(0.08) ? 60_000 : 0,
    droplets: randomGate(random),
    task: {
      maxRunning: random.chance(0.6) ? 10_000 : random.pick([1, 5, 20, 50]),
      maxResponseBytes: MAX_RESPONSE_BYTES,
      concurrency: random.pick([1, 2, 3, 4, 8, 64]),
      maxQueued: random.pick([6, 40, 100_000]),
    },
    shutdownGraceMs: random.pick([0, 500, 10_000, 30_000]),
  })
}

/** Half of all processes have small limits. */
function randomGate(random: Prng) {
  const isSmall = random.chance(0.5)
  return {
    maxConcurrency: isSmall ? random.pick([1, 2, 3, 5, 8]) : 256,
    maxWaiting: isSmall ? random.pick([0, 1, 3, 20]) : 1000,
    breakerThreshold: random.pick([0, 1, 2, 3, 5, 5, 5]),
    breakerGraceMs: random.pick([0, 3, 15, 30, 30, 60]) * 1000,
  }
}

export function randomRetention(random: Prng): Retention {
  return {
    maxFinished: random.pick([5, 40, 150]),
    ttlMs: random.pick([0, 1, 3, 24]) * HOUR_MS,
  }
}
