/**
 * The process: arguments, signals, exit codes. No other file touches `process`, but for what
 * platform/ measures of it.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { isatty } from 'node:tty'
import { parseEnv } from 'node:util'
import { readCommandLine } from './commands/command-line.ts'
import { EXIT, UNIT_SETTINGS, type CommandIo } from './commands/command.ts'
import { envFile, environmentOf, type EnvFile } from './commands/env-file.ts'
import { errorText } from './errors.ts'
import type { Log } from './log.ts'
import { systemClock } from './platform/clock.ts'
import { startHttpClient } from './platform/fetch.ts'
import { restartWithLimits } from './platform/restart.ts'
import { LineWriter } from './platform/line-writer.ts'
import { isJournal } from './platform/journal.ts'
import { systemLog } from './platform/log.ts'
import { nonBlockingOutput } from './platform/non-blocking-output.ts'
import { writeAll } from './platform/standard-streams.ts'

// Each of these would end a process that has no handler for it. SIGHUP may come before there is
// anything to read again.
const IGNORED_SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const

/** How long the last lines of the log may take to get out, when nobody reads them, ms. */
const LAST_LINES_MS = 1000

/** Of a terminal that does not tell. */
const DEFAULT_COLUMNS = 80

function commandIo(env: CommandIo['env']): CommandIo {
  let logLines: LineWriter | null = null
  return {
    env,
    ownEnv: env,
    envFiles: [],
    readEnvFiles: () => [],
    unitSettings,
    pid: process.pid,
    cwd: process.cwd(),
    home: process.env.HOME || homeOfUser(),
    hostname: hostname(),
    isTerminal: isatty(1),
    isErrorTerminal: isatty(2),
    columns: () => process.stdout.columns || DEFAULT_COLUMNS,
    stdin: () => Bun.stdin.text(),
    stdout: (text) => (logLines ? (logLines.write(text.trimEnd()), true) : print(text)),
    stderr: complain,
    openLog(options) {
      const writer = new LineWriter(nonBlockingOutput(1), systemClock)
      logLines = writer
      process.on('exit', () => writer.flush(LAST_LINES_MS))
      const toJournal = isJournal(1, env.JOURNAL_STREAM)
      const log = systemLog({ ...options, toJournal }, systemClock, writer)
      logCrashes(log)
      return log
    },
    onStopSignal(callback) {
      process.on('SIGTERM', callback)
      process.on('SIGINT', callback)
    },
    onReloadSignal: (callback) => void process.on('SIGHUP', callback),
    exit: (code) => process.exit(code),
  }
}

/** What is lost must not look like success: a script may have asked for a file. */
function print(text: string): boolean {
  try {
    return writeAll(1, text)
  } catch (error) {
    complain(`What there is to say cannot be written: ${errorText(error)}\n`)
    process.exit(EXIT.failed)
  }
}

function complain(text: string): void {
  try {
    writeAll(2, text)
  } catch {
    // There is nobody else to tell.
  }
}

/** Undefined for a user that the machine does not know, as in a container. */
function homeOfUser(): string | undefined {
  try {
    return homedir()
  } catch {
    return undefined
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

function unitSettings(): CommandIo['env'] | null {
  try {
    return existsSync(UNIT_SETTINGS) ? parseEnv(readFileSync(UNIT_SETTINGS, 'utf8')) : {}
  } catch {
    return null
  }
}

function withFiles(io: CommandIo, files: readonly string[]): CommandIo {
  const read = (file: string): EnvFile => envFile(file, readFileSync(file, 'utf8'))
  const envFiles = files.map(read)
  const readEnvFiles = () => {
    files.forEach(refusePipe)
    return files.map(read)
  }
  return { ...io, env: environmentOf(envFiles, io.ownEnv), envFiles, readEnvFiles }
}

/** At the start one may wait for who writes into it; once the service runs, all of it would wait. */
function refusePipe(file: string): void {
  if (statSync(file).isFIFO()) throw new Error(`${file} is a pipe`)
}

async function main(argv: string[]): Promise<number> {
  const io = commandIo(process.env)
  const asked = readCommandLine(argv)
  if (asked.kind === 'tell') return (io.stdout(asked.text), EXIT.ok)
  if (asked.kind === 'refuse') return (io.stderr(`${asked.reason}\n\n${asked.help}`), EXIT.usage)
  let withSettings
  try {
    withSettings = withFiles(io, asked.envFiles)
  } catch (error) {
    return (io.stderr(`--env-file cannot be read: ${errorText(error)}\n`), EXIT.usage)
  }
  if (asked.command.serves) await prepareToServe(io)
  return asked.command.run(asked.args, withSettings)
}

async function prepareToServe(io: CommandIo): Promise<void> {
  // The binary starts itself; `bun src/main.ts` needs the file after Bun's own path.
  const script = Bun.main.startsWith('/$bunfs/') ? [] : [Bun.main]
  const program = [process.execPath, ...script, ...process.argv.slice(2)]
  const reason = restartWithLimits({ argv: program, env: process.env })
  if (reason) io.stderr(`At most 256 requests will be in flight at once: ${reason}\n`)
  for (const signal of IGNORED_SIGNALS) process.on(signal, () => {})
  await startHttpClient()
}

process.exit(await main(process.argv.slice(2)))
