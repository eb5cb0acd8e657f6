import { expect, test } from 'bun:test'
import { DropletNames } from '../../../src/access/droplet-names.ts'
import { View } from '../../../src/http/live/view.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const sources = {
  tasks: { draining: false, load: () => ({ queued: 0, running: 0, oldestAgeMs: null }) },
  registry: { cacheStatus: () => 'active', directory: () => ({ droplets: [], size: 0 }) },
  health: { unreachableCount: () => 0, reachableCount: () => 0 },
  gate: { stats: () => ({ openCircuits: 0 }) },
  store: { fault: null, shared: { backlog: 3, backlogDueMs: 90_000 } },
}

test('who may see all droplets is told of tasks that no node has; others are not', () => {
  const problems = (droplets: DropletNames | null) =>
    new View(sources as never, new FakeClock(), droplets)
      .now()
      .problems.map(({ message }) => message)
  expect(problems(null)).toEqual(['A task has waited for 90 s, 3 are queued'])
  expect(problems(new DropletNames(['a', 'b-*']))).toEqual([])
})
