/** `bun run simulate [--seed N] [--hours H]`: exit code 1 and a report when an invariant is violated. */
import { parseArgs } from 'node:util'
import { failureReport, summary } from './report.ts'
import { Simulation } from './simulation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
    hours: { type: 'string', default: '100' },
  },
})
const seed = Number(values.seed)
const hours = Number(values.hours)
if (!Number.isSafeInteger(seed) || !(hours > 0)) {
  console.error('usage: bun run simulate [--seed N] [--hours H]')
  process.exit(64)
}

console.log(`seed ${seed}, ${hours} simulated hours`)
const simulation = new Simulation(seed, hours)
const startedAt = performance.now()
await simulation.run()
if (simulation.world.violation) console.error(failureReport(simulation))
console.log(summary(simulation, (performance.now() - startedAt) / 1000))
process.exit(simulation.world.violation ? 1 : 0)
