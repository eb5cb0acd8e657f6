import { describe, expect, test } from 'bun:test'
import { Glob } from 'bun'
import { join } from 'node:path'
import { WaitQueue, type WaitingTask } from '../../src/delivery/wait-queue.ts'
import type { Clock } from '../../src/ports.ts'
import type { StoreDriver } from '../../src/store/driver.ts'
import { ALL_CHECKERS } from './check/all-checkers.ts'
import { CLUSTER_CHECKERS } from './check/cluster-checkers.ts'
import { failureReport } from './report.ts'
import type { PlantedBugs } from './service/planted-bugs.ts'
import { Simulation } from './simulation.ts'
import type { World } from './world/world.ts'

const SEEDS = [
  1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765, 10946,
]
const HOURS = 25
const MINUTE = 60_000

async function simulate(seed: number, hours: number, bugs?: PlantedBugs): Promise<Simulation> {
  const simulation = new Simulation(seed, hours, bugs)
  await simulation.run()
  return simulation
}

/** Asked only when there is an error. */
const ASKED_AT_ERRORS = 'no-unexpected-errors'

function neverAsked({ checkers }: Simulation): string[] {
  const names = [...checkers.runs].filter(([, count]) => count === 0).map(([name]) => name)
  return names.filter((name) => name !== ASKED_AT_ERRORS)
}

const HAPPENINGS = ['crashes', 'graceful stops', 'ended as success', 'ended as timeout']

/** What the gate does, and how often at least in all hours together. */
const AT_THE_GATE = {
  outages: 100,
  'droplets that moved': 20,
  'circuits opened': 200,
  'circuits closed': 200,
  'attempts as probes': 200,
  'waits at the gate': 500,
  'the gate: passed over': 500,
  'the gate: overloaded': 100,
  'the gate: circuit open': 100,
  'the gate: too many run': 100,
  'keys used again after a refusal': 20,
  'short outages ridden out': 20,
}

describe(`${SEEDS.length * HOURS} simulated hours`, () => {
  const total = new Map<string, number>()

  for (const seed of SEEDS) {
    test(
      `seed ${seed}`,
      async () => {
        const simulation = await simulate(seed, HOURS)
        expect(failureReport(simulation)).toBe('')
        const { counts } = simulation.world
        for (const [what, n] of counts) total.set(what, (total.get(what) ?? 0) + n)
        expect(HAPPENINGS.filter((what) => !counts.get(what))).toEqual([])
        expect(neverAsked(simulation)).toEqual([])
      },
      MINUTE,
    )
  }

  test('everything happens at the gate', () => {
    const rare = Object.entries(AT_THE_GATE).filter(
      ([what, least]) => (total.get(what) ?? 0) < least,
    )
    expect(rare).toEqual([])
  })
})

test('the same seed is the same run', async () => {
  const [first, second, other] = [
    await simulate(7, 20),
    await simulate(7, 20),
    await simulate(6, 20),
  ]
  expect(second.world.trace.hash).toBe(first.world.trace.hash)
  expect(second.world.step).toBe(first.world.step)
  expect(other.world.trace.hash).not.toBe(first.world.trace.hash)
})

describe('the checkers', () => {
  const files = [...new Glob('*.ts').scanSync(join(import.meta.dir, 'checkers'))].sort()

  test('each has a file of its name', () => {
    const names = Object.keys({ ...ALL_CHECKERS, ...CLUSTER_CHECKERS }).sort()
    expect(names.map((name) => `${name}.ts`)).toEqual(files)
  })

  test('each is in the README', async () => {
    const readme = await Bun.file(join(import.meta.dir, 'README.md')).text()
    expect(files.filter((file) => !readme.includes(`(checkers/${file})`))).toEqual([])
  })
})

/** The reports of a few seeds that find the bug; the same seed must fail in the same way. */
async function findings(bugs: PlantedBugs, seeds = 6): Promise<string[]> {
  const reports: string[] = []
  for (let seed = 1; seed <= seeds; seed++) {
    const report = failureReport(await simulate(seed, 20, bugs))
    if (report === '') continue
    if (reports.length === 0) expect(failureReport(await simulate(seed, 20, bugs))).toBe(report)
    reports.push(report)
  }
  return reports
}

describe('a planted bug is found:', () => {
  test('a commit that is not waited for', async () => {
    const reports = await findings({
      driver: (driver) => ({
        ...driver,
        commit: async (...args: Parameters<StoreDriver['commit']>) => {
          void driver.commit(...args).catch(() => {})
          return []
        },
      }),
    })
    expect(reports.length).toBe(6)
    expect(reports[0]).toMatch(/on disk[^]*bun run simulate --seed 1 --hours 20/)
  })

  test('a commit that is lost now and then', async () => {
    const reports = await findings({
      driver: (driver, world) => {
        const random = world.random.fork('bug')
        const commit: StoreDriver['commit'] = (...args) =>
          random.chance(0.01) ? Promise.resolve([]) : driver.commit(...args)
        return { ...driver, commit }
      },
    })
    expect(reports.length).toBeGreaterThan(0)
  })

  test('a timer that is lost now and then', async () => {
    const reports = await findings({ clock: losingTimers })
    expect(reports.length).toBeGreaterThan(0)
  })

  test('a wake-up that is lost now and then', async () => {
    const { prototype } = WaitQueue
    const { take } = prototype
    let calls = 0
    prototype.take = function (...args): WaitingTask | undefined {
      return ++calls % 50 === 0 ? undefined : take.apply(this, args)
    }
    try {
      const simulation = await simulate(1, 50)
      expect(failureReport(simulation)).toContain('VIOLATION of no-lost-wake-up')
    } finally {
      prototype.take = take
    }
  })
})

function losingTimers(clock: Clock, world: World): Clock {
  const random = world.random.fork('bug')
  const after: Clock['after'] = (ms, callback) =>
    random.chance(0.01) ? () => {} : clock.after(ms, callback)
  return { ...clock, after }
}
