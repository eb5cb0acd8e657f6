/** The processes of the benchmark: each ends with it, by its pid. */
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const STOP_MS = 10_000
const POLL_MS = 2
const running = new Set<Bun.Subprocess>()

export interface ChildOptions {
  name: string
  command: readonly string[]
  /** All that it gets: what is set around the benchmark must not change the figures. */
  env: Record<string, string>
  /** Where its output goes. */
  directory: string
}

export interface ThreadTime {
  id: string
  /** As the system names it; `main` for the first. */
  name: string
  cpuMs: number
}

export class Child {
  readonly name: string
  readonly log: string
  readonly #process: Bun.Subprocess

  constructor({ name, command, env, directory }: ChildOptions) {
    this.name = name
    this.log = join(directory, `${name}.log`)
    const output = openSync(this.log, 'a')
    this.#process = Bun.spawn([...command], {
      cwd: directory,
      env: { NODE_ENV: 'production', HOME: directory, ...env },
      stdin: 'ignore',
      stdout: output,
      stderr: output,
    })
    endWithUs(this.#process)
  }

  get pid(): number {
    return this.#process.pid
  }

  /** Resolves with the exit code. */
  get exited(): Promise<number> {
    return this.#process.exited
  }

  /** Resolves when the URL answers 200; rejects when the process ends first, or after 30 s. */
  async answers(url: string): Promise<void> {
    for (const start = performance.now(); performance.now() - start < 30_000;) {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) break
      const answer = await fetch(url).catch(() => null)
      if (answer?.ok) return
      await Bun.sleep(POLL_MS)
    }
    throw new Error(`${this.name} did not come up: ${readFileSync(this.log, 'utf8').slice(-500)}`)
  }

  /** Of what it has printed. */
  lastLine(): string {
    return readFileSync(this.log, 'utf8').trimEnd().split('\n').at(-1)!
  }

  /** Resident memory, MB. */
  rssMb(): number {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes) / 1024
  }

  /** Time on a core so far, all threads, ms. */
  cpuMs(): number {
    return this.threads().reduce((sum, { cpuMs }) => sum + cpuMs, 0)
  }

  /** Each thread's time on a core so far. The ticks of /proc/pid/stat are too coarse. */
  threads(): ThreadTime[] {
    const tasks = `/proc/${this.pid}/task`
    return readdirSync(tasks).map((id) => {
      const nanoseconds = readFileSync(join(tasks, id, 'schedstat'), 'utf8').split(' ')[0]
      const name = readFileSync(join(tasks, id, 'comm'), 'utf8').trim()
      const isMain = id === String(this.pid)
      return { id, name: isMain ? 'main' : name, cpuMs: Number(nanoseconds) / 1e6 }
    })
  }

  /** What it has sent to the disk so far, in whole pages (proc(5), write_bytes). */
  writtenBytes(): number {
    const io = readFileSync(`/proc/${this.pid}/io`, 'utf8')
    return Number(/^write_bytes: (\d+)/m.exec(io)?.[1])
  }

  /** SIGTERM, then SIGKILL if that is ignored. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), STOP_MS)
    await this.exited
    clearTimeout(timer)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

export function endWithUs(subprocess: Bun.Subprocess): void {
  running.add(subprocess)
  void subprocess.exited.then(() => running.delete(subprocess))
}

/** For the ways out that wait for nobody. */
export function killChildren(): void {
  for (const subprocess of running) subprocess.kill('SIGKILL')
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
