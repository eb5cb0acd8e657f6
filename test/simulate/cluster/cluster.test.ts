import { describe, expect, test } from 'bun:test'
import { failureReport } from '../report.ts'
import { ClusterSimulation } from './cluster-simulation.ts'

/** Seed and number of nodes. */
const RUNS = [
  [1, 3],
  [2, 2],
  [3, 3],
  [5, 2],
  [8, 3],
  [22, 3],
  [24, 3],
] as const
const HOURS = 3
/** A few seconds, where nobody else needs the processor. */
const MAX_TEST_MS = 120_000

async function simulate(seed: number, hours: number, nodes: number): Promise<ClusterSimulation> {
  const simulation = new ClusterSimulation(seed, hours, nodes)
  await simulation.run()
  return simulation
}

/** What must happen, and how often at least in all hours together. */
const HAPPENINGS = {
  claims: 200,
  crashes: 20,
  'ended as success': 300,
  'graceful stops': 10,
  'notifications lost': 10,
  pauses: 10,
  'sessions: run out': 10,
  'statements: answer lost': 20,
  'statements: late': 10,
  'statements: lost': 20,
  'tasks for anyone': 100,
  'the database: down': 3,
  'the database: stalled': 3,
  'the way to the database: refused': 3,
  'the way to the database: silent': 3,
  'wall clocks that jump': 5,
  'writes refused: not owned': 3,
  'writes undone': 3,
}

/** Asked only when there is an error, or after a stop that nothing disturbs. */
const SELDOM_ASKED = new Set(['no-unexpected-errors', 'nothing-left-open-at-stop'])

describe(`${RUNS.length * HOURS} simulated hours of several nodes`, () => {
  const total = new Map<string, number>()

  for (const [seed, nodes] of RUNS) {
    test(
      `seed ${seed}, ${nodes} nodes`,
      async () => {
        const simulation = await simulate(seed, HOURS, nodes)
        expect(failureReport(simulation)).toBe('')
        for (const [what, n] of simulation.world.counts) total.set(what, (total.get(what) ?? 0) + n)
        const neverAsked = [...simulation.runs].filter(([, count]) => count === 0)
        expect(neverAsked.map(([name]) => name).filter((name) => !SELDOM_ASKED.has(name))).toEqual(
          [],
        )
      },
      MAX_TEST_MS,
    )
  }

  test('everything happens', () => {
    const rare = Object.entries(HAPPENINGS).filter(
      ([what, least]) => (total.get(what) ?? 0) < least,
    )
    expect(rare.map(([what, least]) => `${what}: ${total.get(what) ?? 0} of ${least}`)).toEqual([])
  })
})

test(
  'the same seed is the same run',
  async () => {
    const [first, second] = [await simulate(7, 1, 3), await simulate(7, 1, 3)]
    expect(second.world.trace.hash).toBe(first.world.trace.hash)
    expect(second.world.step).toBe(first.world.step)
  },
  MAX_TEST_MS,
)
