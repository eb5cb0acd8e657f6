/**
 * `bun run bench`: the binary, with its history on a disk, measured against what is wanted of it.
 * Figures are of this machine and this hour; only those that compare within one run mean more.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createBench, removeBench, type Bench } from './bench.ts'
import { killChildren } from './child.ts'
import { async } from './parts/async.ts'
import { ceiling } from './parts/ceiling.ts'
import { drain } from './parts/drain.ts'
import { guards } from './parts/guards.ts'
import { hanging } from './parts/hanging.ts'
import { isolation } from './parts/isolation.ts'
import { latency } from './parts/latency.ts'
import { list } from './parts/list.ts'
import { memory } from './parts/memory.ts'
import { million } from './parts/million.ts'
import { operate } from './parts/operate.ts'
import { page } from './parts/page.ts'
import { postgresAsync } from './parts/postgres-async.ts'
import { postgresIdle } from './parts/postgres-idle.ts'
import { postgresLarge } from './parts/postgres-large.ts'
import { postgresNodes } from './parts/postgres-nodes.ts'
import { postgresRival } from './parts/postgres-rival.ts'
import { postgresSpeed } from './parts/postgres-speed.ts'
import { profile } from './parts/profile.ts'
import { rival } from './parts/rival.ts'
import { start } from './parts/start.ts'
import { speed } from './parts/speed.ts'

const ROOT = join(import.meta.dir, '../..')

const PARTS: Record<string, (bench: Bench) => Promise<void>> = {
  speed,
  latency,
  rival,
  memory,
  list,
  hanging,
  isolation,
  guards,
  operate,
  page,
  async,
  drain,
  million,
  start,
}

/** With a Postgres of our own. Only when it is asked for. */
const POSTGRES: typeof PARTS = {
  'postgres-speed': postgresSpeed,
  'postgres-async': postgresAsync,
  'postgres-idle': postgresIdle,
  'postgres-nodes': postgresNodes,
  'postgres-rival': postgresRival,
}

/** Only when it is asked for. */
const ON_DEMAND: typeof PARTS = {
  ...POSTGRES,
  'postgres-large': postgresLarge,
  ceiling,
  profile,
}
const ALL_PARTS = { ...PARTS, ...ON_DEMAND }
/** One name for several. */
const GROUPS: Readonly<Record<string, readonly string[]>> = { postgres: Object.keys(POSTGRES) }

const USAGE = `Usage: bun run bench [--quick] [PART]… [--json FILE] [--binary FILE]

  --quick        to try it out: some four minutes for all parts
  PART           or --only PART: ${Object.keys(PARTS).join(', ')};
                 ceiling: how much HTTP and delivery leave for a store
                 profile: where the CPU goes
                 postgres: all of ${Object.keys(POSTGRES).join(', ')}
                 postgres-large: over a million tasks that wait, and ten million that have ended
  --json FILE    where the figures go; default dist/bench.json
  --binary FILE  what is measured; default dist/orchestrator
`

const EXIT = { measured: 0, unmeasured: 1, usage: 64, stopped: 130 } as const

async function main(args: string[]): Promise<number> {
  const options = read(args)
  if (!options) return EXIT.usage
  if (options.help) {
    console.log(USAGE)
    return EXIT.measured
  }
  if (!existsSync(options.binary)) {
    console.error(`There is no ${options.binary}: bun run build makes dist/orchestrator`)
    return EXIT.unmeasured
  }
  const bench = createBench(options.binary, options.quick)
  const stop = (code: number) => {
    killChildren()
    removeBench(bench)
    process.exit(code)
  }
  process.on('SIGINT', () => stop(EXIT.stopped))
  process.on('SIGTERM', () => stop(EXIT.stopped))
  try {
    console.log(factsOf(bench))
    for (const name of options.parts) await measure(bench, name)
  } finally {
    killChildren()
    removeBench(bench)
  }
  return conclude(bench, options.json)
}

function read(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        json: { type: 'string', default: join(ROOT, 'dist/bench.json') },
        binary: { type: 'string', default: join(ROOT, 'dist/orchestrator') },
      },
    })
    const named = [...values.only, ...positionals].flatMap((name) => GROUPS[name] ?? [name])
    const unknown = named.find((name) => !Object.hasOwn(ALL_PARTS, name))
    if (unknown !== undefined) throw new Error(`There is no part '${unknown}'`)
    return { ...values, parts: named.length > 0 ? named : Object.keys(PARTS) }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    return null
  }
}

/** A part that fails is a figure too; the others can still be measured. */
async function measure(bench: Bench, name: string): Promise<void> {
  bench.report.part(name)
  try {
    await ALL_PARTS[name]!(bench)
  } catch (error) {
    bench.report.unmeasured(name, (error as Error).message)
  }
}

function factsOf({ machine, directory, quick }: Bench): string {
  const { cores, cpu, bun, disk, load_generator: generator } = machine
  const syncs = `${machine.fsync_p50_ms.toFixed(2)} ms (p99 ${machine.fsync_p99_ms.toFixed(2)})`
  return [
    `${cores} cores, ${cpu}; Bun ${bun}; load from ${generator}`,
    `database on ${disk} (${directory}), an fsync takes ${syncs}`,
    ...(machine.load_average > 0.5 ? ['the machine has other work: mind the ratios only'] : []),
    ...(quick ? ['a quick run: its figures tell less'] : []),
  ].join('\n')
}

function conclude({ report, machine, quick }: Bench, json: string): number {
  const { figures, short } = report
  const at = new Date().toISOString()
  writeFileSync(json, JSON.stringify({ at, quick, machine, figures }, null, 2) + '\n')
  console.log(`\n${figures.length} figures in ${json}`)
  for (const { part, name } of short) console.log(`short: ${part}, ${name}`)
  return report.complete ? EXIT.measured : EXIT.unmeasured
}

process.exit(await main(process.argv.slice(2)))
