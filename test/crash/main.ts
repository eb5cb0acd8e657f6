/** `bun run crash [--rounds N] [--seed N]` */
import { numberFlags } from '../support/number-flags.ts'
import { crash } from './crash.ts'

const { rounds, seed } = numberFlags(
  'Usage: bun run crash [--rounds N] [--seed N]',
  { rounds: 20, seed: Date.now() % 1_000_000 },
  (flags) => Number.isInteger(flags.rounds) && flags.rounds > 0 && Number.isInteger(flags.seed),
)
console.log(`${rounds} rounds, seed ${seed}`)
const report = await crash(rounds, seed, console.log)
for (const [what, count] of Object.entries(report.counts)) console.log(`${count} ${what}`)
for (const fault of report.faults) console.error(fault)
console.log(`${report.orders} orders, ${report.rounds} crashes, ${report.faults.length} faults`)
process.exit(report.faults.length === 0 ? 0 : 1)
