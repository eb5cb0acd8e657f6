import type { Config } from '../../config/config.ts'
import { isPostgres } from '../../config/database.ts'
import { didYouMean } from '../help.ts'
import {
  EXIT,
  hasColour,
  misused,
  readArguments,
  type Command,
  type CommandIo,
} from '../command.ts'
import { readSettings } from '../settings.ts'
import type { Check } from './check.ts'
import { CHECKS } from './checks.ts'
import { withUnitSettings } from '../unit-settings.ts'
import { configurationFindings } from './configuration.ts'
import { jsonReport, levelOf, textReport, type Report } from './report.ts'
import { resultOf, runChecks } from './run-checks.ts'
import { doctorWorld } from './world.ts'

/** The first of all: without it there is nothing to look at. */
const CONFIGURATION: Pick<Check, 'name' | 'group'> = {
  name: 'configuration',
  group: 'configuration',
}
const NAMES = [CONFIGURATION, ...CHECKS].map(({ name }) => name)

export const DOCTOR: Command = {
  name: 'doctor',
  synopsis: '[--json] [--skip CHECK…]',
  summary: 'look for what is wrong, whether the service runs or not: exit code 0 or 1',
  details: `
Looks at the configuration, this machine, the Registry, each droplet and the service, and says what
to do. Its settings are those of the environment and of --env-file, or else of the file that the
systemd unit reads, /etc/fpai/orchestrator.env. Nothing is changed. Asks only the Registry, its
droplets, this service, and the Postgres of TASK_DB. Exit code 1: something is a failure; warnings
alone are 0.

  --json        print one JSON document
  --skip CHECK  leave this one out; may be repeated. One of
                ${NAMES.slice(0, 7).join(', ')},
                ${NAMES.slice(7, 14).join(', ')},
                ${NAMES.slice(14).join(', ')}

  orchestrator doctor
  orchestrator doctor --env-file /etc/fpai/orchestrator.env --skip droplets
  orchestrator doctor --json | jq '.checks[] | select(.status != "ok")'
`,
  readsSettings: true,
  values: { '--skip': NAMES },
  run: doctor,
}

export async function doctor(args: string[], io: CommandIo): Promise<number> {
  const given = readArguments(DOCTOR, args, io, { lists: ['skip'], switches: ['json'] })
  if (!given) return EXIT.usage
  const skip = given.lists.skip.flatMap((text) => text.split(','))
  const unknown = skip.find((name) => !NAMES.includes(name))
  if (unknown !== undefined) {
    misused(DOCTOR, io, `There is no check '${unknown}'.${didYouMean(unknown, NAMES)}`)
    return EXIT.usage
  }
  const report = await examine(withUnitSettings(io), new Set(skip))
  const layout = { width: io.isTerminal ? io.columns() : null, colour: hasColour(io) }
  io.stdout(given.switches.json ? jsonReport(report) : textReport(report, layout))
  return levelOf(report) === 'failure' ? EXIT.failed : EXIT.ok
}

async function examine(io: CommandIo, skip: ReadonlySet<string>): Promise<Report> {
  const read = await readSettings(io, io.env)
  const stop = new AbortController()
  const all = CHECKS.filter((check) => !read.ok || isMeant(check, read.config))
  const wanted = all.filter(({ name }) => !skip.has(name))
  const others = read.ok ? await runChecks(wanted, doctorWorld(io, read.config, stop.signal)) : []
  stop.abort()
  const isSkipped = read.ok && skip.has(CONFIGURATION.name)
  const first = isSkipped ? [] : [resultOf(CONFIGURATION, configurationFindings(io, read))]
  const results = [...first, ...others]
  const run = new Set(results.map(({ name }) => name))
  const names = [CONFIGURATION, ...all].map(({ name }) => name)
  return { results, skipped: names.filter((name) => !run.has(name)) }
}

/** With a SQLite file there are no nodes, and no Postgres to look at. */
function isMeant({ isOfPostgres }: Check, { task }: Config): boolean {
  return isOfPostgres === undefined || isPostgres(task.db)
}
