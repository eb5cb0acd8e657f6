/**
 * `bun run simulate [--seed N] [--hours H] [--nodes N]`: exit code 1 and a report when an invariant
 * is violated.
 */
import { numberFlags } from '../support/number-flags.ts'
import { ClusterSimulation } from './cluster/cluster-simulation.ts'
import { failureReport, summary } from './report.ts'
import { Simulation } from './simulation.ts'

const MAX_NODES = 9

const { seed, hours, nodes } = numberFlags(
  'Usage: bun run simulate [--seed N] [--hours H] [--nodes N]',
  { seed: crypto.getRandomValues(new Uint32Array(1))[0]!, hours: 100, nodes: 1 },
  (flags) =>
    Number.isSafeInteger(flags.seed) &&
    flags.hours > 0 &&
    Number.isSafeInteger(flags.nodes) &&
    flags.nodes >= 1 &&
    flags.nodes <= MAX_NODES,
)

console.log(`seed ${seed}, ${hours} simulated hours${nodes > 1 ? `, ${nodes} nodes` : ''}`)
const simulation =
  nodes > 1 ? new ClusterSimulation(seed, hours, nodes) : new Simulation(seed, hours)
const startedAt = performance.now()
await simulation.run()
if (simulation.world.violation) console.error(failureReport(simulation))
console.log(summary(simulation, (performance.now() - startedAt) / 1000))
process.exit(simulation.world.violation ? 1 : 0)
