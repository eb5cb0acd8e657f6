/** A Postgres of the benchmark's own, as Debian sets it up: it syncs each commit to a disk. */
import { SQL } from 'bun'
import { readFileSync, rmSync } from 'node:fs'
import { hasPostgres, startPostgres } from '../../support/postgres.ts'
import type { PostgresServer } from '../../support/postgres.ts'
import { diskDirectory } from '../machine.ts'

/** Of the times in /proc/pid/stat: 100 a second on Linux. */
const TICK_MS = 10

export class BenchServer implements AsyncDisposable {
  #made = 0

  private constructor(
    private readonly server: PostgresServer,
    private readonly path: string,
    private readonly pid: number,
    private readonly sql: SQL,
  ) {}

  /** Rejects where there is no Postgres. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<BenchServer> {
    if (!hasPostgres) throw new Error('there is no Postgres: apt-get install postgresql-15')
    // Where its user may go: a home of ours may be closed to it.
    const path = diskDirectory([`/var/tmp/bench-postgres-${process.pid}`])
    const server = await startPostgres({ path, settings })
    const pid = Number(readFileSync(`${path}/data/postmaster.pid`, 'utf8').split('\n')[0])
    return new BenchServer(server, path, pid, new SQL(server.url('postgres'), { max: 1 }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sql.close()
    await this.server[Symbol.asyncDispose]()
    rmSync(this.path, { recursive: true })
  }

  /** The URL of a new, empty database. */
  async createDatabase(): Promise<string> {
    const name = `bench_${++this.#made}`
    await this.sql.unsafe(`create database ${name}`)
    return this.server.url(name)
  }

  /** Time on a core so far: of all its processes, those that have ended as well. */
  cpuMs(): number {
    const { pid } = this
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    const living = [String(pid), ...children].reduce((sum, each) => sum + runningMs(each), 0)
    // proc(5): utime, stime, cutime and cstime are fields 14 to 17; the name before may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return living + (Number(fields[13]) + Number(fields[14])) * TICK_MS
  }

  /** What it has written ahead so far. */
  async walBytes(): Promise<number> {
    const [row] = await this.sql`select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes`
    return Number(row.bytes)
  }

  /** One statement on this server's own database. */
  query(text: string): Promise<Record<string, unknown>[]> {
    return this.sql.unsafe(text)
  }
}

function runningMs(pid: string): number {
  try {
    const nanoseconds = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]
    return Number(nanoseconds) / 1e6
  } catch {
    return 0
  }
}
