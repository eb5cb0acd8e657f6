/** A Postgres of the tests' own, on loopback, which ends with them however they end. */
import { SQL } from 'bun'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { runProcess, startProcess, type BinaryProcess } from './binary.ts'
import { freePort } from './binary-service.ts'
import { eventually } from './eventually.ts'
import { giveToPostgres, postgresProgram } from './postgres-programs.ts'
import { temporaryDir } from './temporary.ts'

const USER = 'postgres'
const PASSWORD = 'password-of-the-tests'

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  // Tests look for what is under way by its text.
  track_activity_query_size: '65536',
}

/** When the tests have ended, so that the pipe is closed: ends what runs in the folder $1. */
const WATCH = `
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ "$pid" ] && grep -q "$1" "/proc/$pid/cmdline"; then
  kill -KILL "$pid" $(cat "/proc/$pid/task/$pid/children")
fi
# What was killed may have been about to make another file.
for _ in 1 2 3 4 5; do rm -rf "$1" && break; sleep 1; done`

export interface ServerOptions {
  /** A folder in place of a temporary one: of another disk, or with a copy of a server in `data`. */
  path?: string
  settings?: Readonly<Record<string, string>>
}

export class PostgresServer implements AsyncDisposable {
  readonly #dir: string
  readonly #settings: Readonly<Record<string, string>>
  readonly #cleanUp: () => Promise<void>
  #port = 0
  #process: BinaryProcess | null = null

  private constructor(dir: string, options: ServerOptions, cleanUp: () => Promise<void>) {
    this.#dir = dir
    this.#settings = { ...SETTINGS, ...options.settings }
    this.#cleanUp = cleanUp
  }

  static async start(options: ServerOptions = {}): Promise<PostgresServer> {
    const temporary = options.path === undefined ? temporaryDir() : null
    const dir = temporary?.path ?? options.path!
    const watch = Bun.spawn(['/bin/sh', '-c', WATCH, 'sh', dir], {
      stdin: 'pipe',
      stdout: 'ignore',
      stderr: 'ignore',
      // In a group of its own: a signal for all that belongs to the tests is not for it.
      detached: true,
    })
    const server = new PostgresServer(dir, options, async () => {
      watch.kill('SIGKILL')
      await watch.exited
      temporary?.[Symbol.dispose]()
    })
    try {
      if (!existsSync(server.#data)) await initialize(dir)
      await server.start()
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  get port(): number {
    return this.#port
  }

  /** Whether it has not ended, for whatever reason. */
  get isRunning(): boolean {
    return this.#process !== null && this.#process.exitCode === undefined
  }

  /** What it has written on stderr since it was started last. */
  get log(): string {
    return this.#process?.stderr ?? ''
  }

  /** `port`: in place of its own, for a way through a proxy. */
  url(database: string, port = this.#port): string {
    return `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`
  }

  /** After a stop or a kill: on the same port, with what is on its disk. */
  async start(): Promise<void> {
    const isFirst = this.#port === 0
    if (isFirst) this.#port = await freePort()
    const settings = Object.entries({ ...this.#settings, port: String(this.#port) })
    const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const started = startProcess(...postgresProgram('postgres', ['-D', this.#data, ...args]))
    this.#process = started
    const answers = await eventually('Postgres answers', async () => {
      if (started.exitCode !== undefined) return 'ended'
      return (await this.#answers()) ? 'yes' : null
    })
    if (answers === 'yes') return
    // Somebody else has taken the port that was free.
    if (!isFirst || !started.stderr.includes('Address already in use')) {
      throw new Error(`Postgres ended with ${started.exitCode}: ${started.stderr}`)
    }
    this.#port = 0
    await this.start()
  }

  /** In good order, as an operator does: sessions are ended, and all is on its disk. */
  async stop(): Promise<void> {
    this.#process?.signal('SIGINT')
    await this.#process?.exited
  }

  /** SIGKILL for all its processes at once, as from the kernel that needs memory. */
  async kill(): Promise<void> {
    const pids = this.#pids()
    signal(pids, 'SIGKILL')
    await this.#process?.exited
    await eventually('its processes have ended', () => pids.every((pid) => !isAlive(pid)))
  }

  /** SIGSTOP for all its processes: connections stay, and nothing answers. */
  freeze(): void {
    const [postmaster] = this.#pids()
    // It first: then there are no new ones.
    signal([postmaster!], 'SIGSTOP')
    signal(this.#pids(), 'SIGSTOP')
  }

  thaw(): void {
    signal(this.#pids(), 'SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.#cleanUp()
  }

  get #data(): string {
    return `${this.#dir}/data`
  }

  async #answers(): Promise<boolean> {
    await using sql = new SQL(this.url('postgres'), { max: 1 })
    return await sql`select 1`.then(
      () => true,
      () => false,
    )
  }

  /** Of the postmaster and its children; empty when it has ended. */
  #pids(): number[] {
    if (!this.isRunning) return []
    const { pid } = this.#process!
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      return [pid, ...children.split(' ').filter(Boolean).map(Number)]
    } catch {
      return []
    }
  }
}

async function initialize(dir: string): Promise<void> {
  const password = `${dir}/password`
  writeFileSync(password, PASSWORD)
  mkdirSync(`${dir}/data`, { mode: 0o700 })
  for (const path of [dir, password, `${dir}/data`]) giveToPostgres(path)
  const { code, stderr } = await runProcess(
    ...postgresProgram('initdb', [
      ...['--pgdata', `${dir}/data`, '--username', USER, '--pwfile', password],
      ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
    ]),
  )
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${stderr}`)
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Not when it is dead and only waits for its parent to look. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
