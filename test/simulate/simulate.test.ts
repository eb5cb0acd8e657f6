/** A thousand simulated hours in the normal run, and proof that they would find something. */
import { describe, expect, test } from 'bun:test'
import { failureReport } from './report.ts'
import { Simulation, type Breaks } from './simulation.ts'

const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
const HOURS_EACH = 100

async function simulate(seed: number, hours: number, breaks?: Breaks): Promise<Simulation> {
  const simulation = new Simulation(seed, hours, breaks)
  await simulation.run()
  return simulation
}

describe(`${SEEDS.length * HOURS_EACH} simulated hours`, () => {
  test.each(SEEDS)(
    'seed %d',
    async (seed) => {
      expect(failureReport(await simulate(seed, HOURS_EACH))).toBe('')
    },
    60_000,
  )
})

test('the same seed makes the same world', async () => {
  const [first, second] = [await simulate(7, 10), await simulate(7, 10)]
  expect(second.world.hash).toBe(first.world.hash)
  expect(second.world.step).toBe(first.world.step)
  expect((await simulate(8, 10)).world.hash).not.toBe(first.world.hash)
})

const BREAKS: Record<string, Breaks> = {
  'a commit that nobody awaits': {
    engine: (engine) => ({
      ...engine,
      commit: (...args) => {
        engine.commit(...args).catch(() => {})
        return Promise.resolve()
      },
    }),
  },
  'a wake-up that is lost': {
    clock: (clock) => {
      let timers = 0
      return {
        ...clock,
        after: (ms, callback) => clock.after(ms, ++timers % 40 === 0 ? () => {} : callback),
      }
    },
  },
}

test.each(Object.entries(BREAKS))(
  '%s is found, and the same way again',
  async (_, breaks) => {
    for (const seed of [1, 2, 3, 4]) {
      const found = (await simulate(seed, 20, breaks)).world.violation
      if (!found) continue
      expect((await simulate(seed, 20, breaks)).world.violation).toEqual(found)
      return
    }
    throw new Error('nothing was found')
  },
  60_000,
)
