/** `dist/orchestrator`, as its user has it: built when it is missing or older than its source. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PATIENCE_MS } from './eventually.ts'

export const ROOT = join(import.meta.dir, '../..')
const BINARY = join(ROOT, 'dist/orchestrator')
const INGREDIENTS = ['package.json', 'bun.lock', 'tsconfig.json']

let checked = false

export function binaryPath(): string {
  if (!checked && isStale()) build()
  checked = true
  return BINARY
}

function isStale(): boolean {
  const built = statSync(BINARY, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const source = readdirSync(join(ROOT, 'src'), { recursive: true }) as string[]
  const files = [...INGREDIENTS, ...source.map((file) => join('src', file))]
  return files.some((file) => statSync(join(ROOT, file)).mtimeMs > built)
}

function build(): void {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, 'run', 'build'], { cwd: ROOT })
  if (exitCode !== 0) throw new Error(`the build failed:\n${stderr.toString()}`)
}

const running = new Set<Bun.Subprocess>()
process.on('exit', () => {
  for (const subprocess of running) subprocess.kill('SIGKILL')
})

export interface ProcessOptions {
  /** The whole environment: the tests must not depend on their own. */
  env?: Record<string, string>
  cwd?: string
}

export interface BinaryProcess extends AsyncDisposable {
  readonly pid: number
  readonly stdout: string
  readonly stderr: string
  /** Resolves with the exit code, or with -1 when a signal ended it, and all output is in. */
  readonly exited: Promise<number>
  /** Undefined while it runs. */
  readonly exitCode: number | undefined
  signal(name: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL if that is ignored. Safe twice, and when it has ended. */
  stop(): Promise<void>
}

/** Starts a command. The caller must stop it, best with `await using`. */
export function startProcess(command: string[], options: ProcessOptions = {}): BinaryProcess {
  const subprocess = Bun.spawn(command, {
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  running.add(subprocess)
  const output = { stdout: '', stderr: '' }
  const collect = async (from: 'stdout' | 'stderr') => {
    const decoder = new TextDecoder()
    for await (const chunk of subprocess[from]) {
      output[from] += decoder.decode(chunk, { stream: true })
    }
  }
  const collected = Promise.all([collect('stdout'), collect('stderr')])
  let exitCode: number | undefined
  const exited = subprocess.exited.then(async () => {
    running.delete(subprocess)
    await collected
    return (exitCode = subprocess.exitCode ?? -1)
  })
  const stop = async () => {
    subprocess.kill('SIGTERM')
    const timer = setTimeout(() => subprocess.kill('SIGKILL'), PATIENCE_MS)
    await exited
    clearTimeout(timer)
  }
  return {
    pid: subprocess.pid,
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    exited,
    get exitCode() {
      return exitCode
    },
    signal: (name) => subprocess.kill(name),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

export interface Result {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command to its end. One that does not end is killed, and its code is -1. */
export async function runProcess(command: string[], options: ProcessOptions = {}): Promise<Result> {
  const started = startProcess(command, options)
  const timer = setTimeout(() => started.signal('SIGKILL'), PATIENCE_MS)
  const code = await started.exited
  clearTimeout(timer)
  return { code, stdout: started.stdout, stderr: started.stderr }
}

/** Runs the binary to its end. */
export function runBinary(args: string[], options: ProcessOptions = {}): Promise<Result> {
  return runProcess([binaryPath(), ...args], options)
}
