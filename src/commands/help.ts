/** What `--help` tells of the program and of each command. */
import { closest, distance } from 'fastest-levenshtein'
import { VARIABLES } from '../config/variables.ts'
import { VERSION } from '../version.ts'

interface CommandHelp {
  /** What may follow its name. */
  readonly synopsis?: string
  /** One line, for the list of all commands. */
  readonly summary: string
  /** What `--help` adds to that, with examples. */
  readonly details: string
}

const HELP = {
  serve: {
    summary: 'run the service (the default)',
    details: `
Takes its settings from the environment: 'orchestrator check' prints them. SIGTERM or Ctrl-C lets
running tasks end, for SHUTDOWN_GRACE seconds at most; a second one ends it at once.

  orchestrator serve --env-file /etc/fpai/orchestrator.env
  REGISTRY_URL=file:droplets.json TASK_DB=tasks.db orchestrator
`,
  },
  dev: {
    synopsis: '[--port N] [--registry-port N]',
    summary: 'run it with a Registry and a droplet of its own, to try it out',
    details: `
Listens on this machine only and prints curl lines that work as printed. It keeps no tasks unless
TASK_DB is set.

  --port N           where the Orchestrator listens: 8001, 0 for any free one
  --registry-port N  where its Registry listens: 8000, 0 for any free one

  orchestrator dev --port 9001 --registry-port 9000
`,
  },
  check: {
    summary: 'check the configuration and print the effective settings',
    details: `
Tells all faults at once, with exit code 78; else prints each setting and where it comes from.
Warns of names that look misspelt, and of lines that systemd would read otherwise.

  orchestrator check --env-file /etc/fpai/orchestrator.env
`,
  },
  token: {
    synopsis: 'NAME --scope SCOPE… [--droplet NAME…] [--expires DATE]',
    summary: 'make a token for those who may use the service',
    details: `
Prints the token, this once, and the line to add to the file that AUTH_TOKENS_FILE names, which
has its hash only. The service reads that file again by itself.

  --scope SCOPE    tasks:read, tasks:write or admin, which is all; may be repeated
  --droplet NAME   only this droplet, or with a * at the end all whose names begin so; may be
                   repeated
  --expires DATE   the last day, such as 2027-01-31 (UTC)

  orchestrator token ci --scope tasks:write --scope tasks:read --droplet 'build-*'
  orchestrator token prometheus --scope admin --expires 2027-01-31
`,
  },
  health: {
    synopsis: '[URL]',
    summary: 'ask a running service whether it is well: exit code 0 or 1',
    details: `
Without a URL it asks the service on this machine: at HOST and PORT of the environment or of
--env-file, or else of the file that the systemd unit reads, /etc/fpai/orchestrator.env.

  orchestrator health
  orchestrator health 10.0.0.6:8001
`,
  },
  openapi: {
    summary: 'print the OpenAPI document',
    details: `
  orchestrator openapi > openapi.json
`,
  },
  grafana: {
    summary: 'print a dashboard for Grafana',
    details: `
Dashboards, New, Import: it asks for the Prometheus that scrapes the service.

  orchestrator grafana > orchestrator.json
`,
  },
  alerts: {
    summary: 'print alert rules for Prometheus',
    details: `
For 'rule_files' of its configuration.

  orchestrator alerts > /etc/prometheus/orchestrator.yml
`,
  },
  systemd: {
    summary: 'print a unit file',
    details: `
  orchestrator systemd | sudo tee /etc/systemd/system/orchestrator.service
`,
  },
  compose: {
    summary: 'print a compose file for the full stack',
    details: `
  orchestrator compose > compose.yaml
  docker run --rm orchestrator compose > compose.yaml
`,
  },
} satisfies Record<string, CommandHelp>

export type CommandName = keyof typeof HELP

const NAMES = Object.keys(HELP) as CommandName[]

/** Words that are understood as well, but stand in the list of no commands. */
const OTHER_WORDS = ['help', 'version', '--help', '--version', '--env-file']

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(HELP, word)
}

/** `Usage: orchestrator health [URL]` */
export function usageOf(name: CommandName): string {
  const { synopsis }: CommandHelp = HELP[name]
  return `Usage: orchestrator ${name}${synopsis ? ` ${synopsis}` : ''}`
}

export function overview(): string {
  const commands = NAMES.map((name) => `  ${name.padEnd(9)}${HELP[name].summary}\n`)
  return `orchestrator ${VERSION}: finds a droplet, calls it, retries, remembers

Usage: orchestrator [COMMAND] [--env-file FILE]

${commands.join('')}
  --env-file FILE  read settings from FILE too; the environment counts more
  --version        print the version
  --help           print this, or, after a command, what that does
`
}

export function helpFor(name: CommandName): string {
  const { summary, details } = HELP[name]
  return `${usageOf(name)}\n\n${summary[0]!.toUpperCase()}${summary.slice(1)}.\n${details}`
}

/** For a word that is none of ours: ` Did you mean 'serve'?`, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[] = [...NAMES, ...OTHER_WORDS]) {
  if (known.length === 0) return ''
  const nearest = closest(word, known)
  return distance(word, nearest) <= Math.max(2, word.length / 3)
    ? ` Did you mean '${nearest}'?`
    : ''
}

/**
 * For `--port 9000`, when PORT is a setting: ` Set PORT=9000 in the environment.` Nothing for
 * other options. `args`: where the option and its value are.
 */
export function settingHint(flag: string, args: readonly string[]): string {
  const name = flag.replace(/^--/, '').replaceAll('-', '_').toUpperCase()
  if (!flag.startsWith('--') || !Object.hasOwn(VARIABLES, name)) return ''
  const at = args.findIndex((each) => each === flag || each.startsWith(`${flag}=`))
  const value = args[at]!.includes('=') ? args[at]!.slice(flag.length + 1) : args[at + 1]
  const given = value === undefined || value.startsWith('--') ? '' : `=${value}`
  return ` Set ${name}${given} in the environment.`
}
