/**
 * The process: arguments, signals, exit codes. No other file touches `process`, but for what
 * platform/ measures of it.
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isatty } from 'node:tty'
import { parseEnv } from 'node:util'
import { check } from './commands/check.ts'
import { EXIT, type Command, type CommandIo } from './commands/command.ts'
import { compose } from './commands/compose.ts'
import { dev } from './commands/dev.ts'
import { health } from './commands/health.ts'
import { openapi } from './commands/openapi.ts'
import { serve } from './commands/serve.ts'
import { systemd } from './commands/systemd.ts'
import { errorText } from './errors.ts'
import type { Log } from './log.ts'
import { systemClock } from './platform/clock.ts'
import { raiseFetchLimit } from './platform/fetch-limit.ts'
import { LineWriter } from './platform/line-writer.ts'
import { systemLog } from './platform/log.ts'
import { nonBlockingOutput } from './platform/non-blocking-output.ts'
import { writeAll } from './platform/standard-streams.ts'
import { VERSION } from './version.ts'

const COMMANDS: Readonly<Record<string, Command>> = {
  serve,
  dev,
  check,
  health,
  openapi,
  systemd,
  compose,
}

const USAGE = `orchestrator ${VERSION}: finds a droplet, calls it, retries, remembers

Usage: orchestrator [COMMAND] [--env-file FILE]

  serve        run the service (the default)
  dev          run it with a Registry and a droplet of its own, to try it out
               [--port N] [--registry-port N]
  check        check the configuration and print the effective settings
  health [URL] ask a running service whether it is well: exit code 0 or 1
  openapi      print the OpenAPI document
  systemd      print a unit file
  compose      print a compose file for the full stack

  --env-file FILE  read settings from FILE too; the environment counts more
  --version        print the version
  --help           print this
`

// Each of these would end a process that has no handler for it.
const IGNORED_SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const

/** How long the last lines of the log may take to get out, when nobody reads them, ms. */
const LAST_LINES_MS = 1000

function commandIo(env: CommandIo['env']): CommandIo {
  let logLines: LineWriter | null = null
  return {
    env,
    cwd: process.cwd(),
    home: process.env.HOME || homedir(),
    isTerminal: isatty(1),
    stdout: (text) => (logLines ? logLines.write(text.trimEnd()) : writeAll(1, text)),
    stderr: (text) => writeAll(2, text),
    openLog(options) {
      const writer = new LineWriter(nonBlockingOutput(1), systemClock)
      logLines = writer
      process.on('exit', () => writer.flush(LAST_LINES_MS))
      const log = systemLog(options, systemClock, writer)
      logCrashes(log)
      return log
    },
    onStopSignal(callback) {
      process.on('SIGTERM', callback)
      process.on('SIGINT', callback)
    },
    exit: (code) => process.exit(code),
  }
}

/** What nobody has caught ends the process, as it would without this, but in one line of the log. */
function logCrashes(log: Log): void {
  const crash = (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined
    log.error('the service crashed', { error: errorText(error), stack })
    process.exit(EXIT.failed)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
}

/**
 * Takes `--env-file FILE` or `--env-file=FILE` out of the arguments. Throws when FILE is missing.
 */
function takeEnvFile(args: string[]): { file: string | null; rest: string[] } {
  const at = args.findIndex((arg) => arg === '--env-file' || arg.startsWith('--env-file='))
  if (at < 0) return { file: null, rest: args }
  const [flag = '', ...value] = args[at]!.split('=')
  const taken = value.length > 0 ? 1 : 2
  const file = value.length > 0 ? value.join('=') : args[at + 1]
  if (!file) throw new Error(`${flag} needs a file`)
  return { file, rest: args.toSpliced(at, taken) }
}

async function main(argv: string[]): Promise<number> {
  const io = commandIo(process.env)
  let env = io.env
  let rest = argv
  try {
    const taken = takeEnvFile(argv)
    rest = taken.rest
    if (taken.file) env = { ...parseEnv(readFileSync(taken.file, 'utf8')), ...process.env }
  } catch (error) {
    io.stderr(`${errorText(error)}\n\n${USAGE}`)
    return EXIT.usage
  }
  const [name = 'serve', ...args] = rest
  if (name === '--help' || name === '-h') return (io.stdout(USAGE), EXIT.ok)
  if (name === '--version' || name === '-V') return (io.stdout(`${VERSION}\n`), EXIT.ok)
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) {
    io.stderr(`There is no command '${name}'\n\n${USAGE}`)
    return EXIT.usage
  }
  if (command === serve || command === dev) prepareToServe(io)
  return command(args, { ...io, env })
}

function prepareToServe(io: CommandIo): void {
  // The binary starts itself; `bun src/main.ts` needs the file after Bun's own path.
  const script = Bun.main.startsWith('/$bunfs/') ? [] : [Bun.main]
  const program = [process.execPath, ...script, ...process.argv.slice(2)]
  const reason = raiseFetchLimit({ argv: program, env: process.env })
  if (reason) io.stderr(`At most 256 requests will be in flight at once: ${reason}\n`)
  for (const signal of IGNORED_SIGNALS) process.on(signal, () => {})
}

process.exit(await main(process.argv.slice(2)))
