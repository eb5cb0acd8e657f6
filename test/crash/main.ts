/** `bun run crash [--rounds N] [--seed N]`: exit code 1 if anything was lost. */
import { parseArgs } from 'node:util'
import { crashTest } from './crash.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
  },
})
console.log(`${values.rounds} crashes, seed ${values.seed}`)
const { faults, ...counts } = await crashTest(Number(values.rounds), Number(values.seed))
console.log(counts)
for (const fault of faults) console.error(fault)
process.exit(faults.length > 0 ? 1 : 0)
