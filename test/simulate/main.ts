/** `bun run simulate [--seed N] [--hours H]`: exit code 1 and a report when an invariant is violated. */
import { numberFlags } from '../support/number-flags.ts'
import { failureReport, summary } from './report.ts'
import { Simulation } from './simulation.ts'

const { seed, hours } = numberFlags(
  'Usage: bun run simulate [--seed N] [--hours H]',
  { seed: crypto.getRandomValues(new Uint32Array(1))[0]!, hours: 100 },
  (flags) => Number.isSafeInteger(flags.seed) && flags.hours > 0,
)

console.log(`seed ${seed}, ${hours} simulated hours`)
const simulation = new Simulation(seed, hours)
const startedAt = performance.now()
await simulation.run()
if (simulation.world.violation) console.error(failureReport(simulation))
console.log(summary(simulation, (performance.now() - startedAt) / 1000))
process.exit(simulation.world.violation ? 1 : 0)
