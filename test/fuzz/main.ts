/** `bun run fuzz [--seed N] [--runs N] [--only AREA [--path PATH]]`, against the binary. */
import { parseArgs } from 'node:util'
import { AREAS } from './areas/all.ts'
import { fuzz } from './fuzz.ts'
import { reportOf } from './report.ts'
import { binaryTarget } from './world.ts'

const USAGE = `Usage: bun run fuzz [--seed N] [--runs N] [--only AREA [--path PATH]]

  --seed N      the same inputs every time; default: another each time
  --runs N      inputs of all areas together; default 20000
  --only AREA   ${AREAS.map(({ name }) => name).join(', ')}
  --path PATH   one input of that area, as a failure names it`

function flags() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: String(crypto.getRandomValues(new Int32Array(1))[0]) },
        runs: { type: 'string', default: '20000' },
        only: { type: 'string' },
        path: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowNegative: false,
    })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const areas = AREAS.filter(({ name }) => values.only === undefined || values.only === name)
    const [seed, runs] = [Number(values.seed), Number(values.runs)]
    const pathIsAlone = values.path === undefined || areas.length === 1
    if (areas.length > 0 && Number.isInteger(seed) && runs > 0 && pathIsAlone) {
      return { areas, seed, runs, path: values.path }
    }
  } catch (error) {
    console.error((error as Error).message.split('. ')[0])
  }
  console.error(USAGE)
  process.exit(64)
}

const { areas, seed, runs, path } = flags()
console.log(`seed ${seed}, ${runs} inputs`)
const shares = areas.reduce((sum, { share }) => sum + share, 0)
let failed = false
for (const area of areas) {
  const startedAt = performance.now()
  const count = Math.ceil((runs * area.share) / shares)
  const options = path === undefined ? {} : { path }
  const result = await fuzz(area, { launch: binaryTarget, seed, runs: count, ...options })
  console.log(reportOf(result, (performance.now() - startedAt) / 1000))
  failed ||= result.failure !== null
}
process.exit(failed ? 1 : 0)
