/** Each bug is planted in the shared database, or between it and a node; its checker must find it. */
import { expect, test } from 'bun:test'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import { CLUSTER_CHECKERS } from '../check/cluster-checkers.ts'
import type { PlantedBugs } from '../service/planted-bugs.ts'
import type { World } from '../world/world.ts'
import { ClusterSimulation } from './cluster-simulation.ts'

/** With most seeds another checker may come first. */
const MAX_SEEDS = 20
const HOURS = 3
const NODES = 2
/** A few seconds, where nobody else needs the processor. */
const MAX_TEST_MS = 120_000

function database(
  bug: (database: SharedDatabase, world: World) => Partial<SharedDatabase>,
): PlantedBugs {
  return { database: (port, world) => ({ ...port, ...bug(port, world) }) }
}

function tables(bug: NonNullable<PlantedBugs['tables']>): PlantedBugs {
  return { tables: bug }
}

const BUGS: Readonly<Record<string, PlantedBugs>> = {
  'cancels-arrive': database(() => ({ cancelled: async () => [] })),
  // What has failed is taken for done.
  'ends-once': database(({ commit }) => ({
    commit: (...args) => commit(...args).catch(() => []),
  })),
  // A claim takes what another has.
  'fences-hold': tables((shared) => {
    const { claim } = shared
    shared.claim = (...args) => {
      for (const row of shared.live.values()) row.owner = null
      return claim.apply(shared, args)
    }
  }),
  'leases-come-back': database(({ join }) => {
    let joined = 0
    return { join: (...args) => (joined++ === 0 ? join(...args) : Promise.reject(new Error('no'))) }
  }),
  'leases-hold': database(({ cancelled, declareDead }) => ({
    cancelled(session) {
      void declareDead(session, 0).catch(() => {})
      return cancelled(session)
    },
  })),
  'no-idle-node': database(() => ({ claim: async () => [] })),
  // Its node believes that it is renewed.
  'nothing-without-a-lease': database(() => ({ renew: async () => true })),
  'overlaps-are-excused': {
    fetch: (fetch) => (url, init) => {
      const { traceparent = '' } = init.headers
      const otherSpan = traceparent.replace(/-[\da-f]{16}-/, `-${'b'.repeat(16)}-`)
      const again = { ...init, headers: { ...init.headers, traceparent: otherSpan } }
      void fetch(url, again).catch(() => {})
      return fetch(url, init)
    },
  },
  // It gives more than it tells of.
  'owners-know': tables((shared) => {
    const { claim } = shared
    shared.claim = (...args) => claim.apply(shared, args).slice(1)
  }),
  // While it is slow, commits are done and fail all the same.
  'refused-is-undone': tables((shared, server) => {
    const { commit } = shared
    shared.undo = () => {}
    shared.commit = (writes) => {
      const refused = commit.call(shared, writes)
      if (server.behavior === 'slow') throw new Error('its answer is lost')
      return refused
    }
  }),
}

for (const [checker, bugs] of Object.entries(BUGS)) {
  test(
    `${checker} finds a planted bug`,
    async () => {
      const invariants: (string | undefined)[] = []
      for (let seed = 1; seed <= MAX_SEEDS && invariants.at(-1) !== checker; seed++) {
        const simulation = new ClusterSimulation(seed, HOURS, NODES, bugs)
        await simulation.run()
        invariants.push(simulation.world.violation?.invariant)
      }
      expect(invariants).toContain(checker)
    },
    MAX_TEST_MS,
  )
}

test('each checker of several nodes has one', () => {
  expect(Object.keys(BUGS)).toEqual(Object.keys(CLUSTER_CHECKERS))
})
