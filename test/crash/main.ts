/** `bun run crash [--rounds N] [--seed N] [--nodes N]`: several nodes have a Postgres. */
import { numberFlags } from '../support/number-flags.ts'
import { crash } from './crash.ts'
import { crashNodes } from './nodes.ts'

const { rounds, seed, nodes } = numberFlags(
  'Usage: bun run crash [--rounds N] [--seed N] [--nodes N]',
  { rounds: 20, seed: Date.now() % 1_000_000, nodes: 1 },
  (flags) => Object.values(flags).every(Number.isInteger) && flags.rounds > 0 && flags.nodes > 0,
)
console.log(`${rounds} rounds, seed ${seed}`)
const report =
  nodes === 1
    ? await crash(rounds, seed, console.log)
    : await crashNodes(rounds, nodes, seed, console.log)
for (const [what, count] of Object.entries(report.counts)) console.log(`${count} ${what}`)
for (const fault of report.faults) console.error(fault)
console.log(`${report.orders} orders, ${report.rounds} crashes, ${report.faults.length} faults`)
process.exit(report.faults.length === 0 ? 0 : 1)
