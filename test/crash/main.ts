/** `bun run crash [--rounds N] [--seed N]` */
import { parseArgs } from 'node:util'
import { crash } from './crash.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed)
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  console.error('Usage: bun run crash [--rounds N] [--seed N]')
  process.exit(64)
}
console.log(`${rounds} rounds, seed ${seed}`)
const report = await crash(rounds, seed, console.log)
for (const [what, count] of Object.entries(report.counts)) console.log(`${count} ${what}`)
for (const fault of report.faults) console.error(fault)
console.log(`${report.orders} orders, ${report.rounds} crashes, ${report.faults.length} faults`)
process.exit(report.faults.length === 0 ? 0 : 1)
