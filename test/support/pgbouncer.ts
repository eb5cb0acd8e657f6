/** The real PgBouncer in transaction mode, where this machine has one. */
import { writeFileSync } from 'node:fs'
import { startProcess, type BinaryProcess } from './binary.ts'
import { freePort } from './binary-service.ts'
import { eventually } from './eventually.ts'
import { giveToPostgres } from './postgres-programs.ts'
import { temporaryDir } from './temporary.ts'

const pgbouncerPath = Bun.which('pgbouncer', { PATH: `${process.env.PATH}:/usr/sbin` })

export const hasPgbouncer = pgbouncerPath !== null && Bun.which('setpriv') !== null

/** For the name of a test. */
export const withPgbouncer = hasPgbouncer
  ? ''
  : ' (skipped: no PgBouncer here; apt-get install pgbouncer brings it)'

export interface Pgbouncer extends AsyncDisposable {
  /** The same database, through it. */
  readonly url: string
}

/** Before the Postgres of this URL. It refuses root: as nobody then. */
export async function startPgbouncer(url: string): Promise<Pgbouncer> {
  const dir = temporaryDir()
  const { username, password, port } = new URL(url)
  const through = new URL(url)
  through.port = String(await freePort())
  writeFileSync(dir.file('users'), `"${username}" "${password}"\n`)
  writeFileSync(
    dir.file('pgbouncer.ini'),
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${through.port}
unix_socket_dir =
auth_type = plain
auth_file = ${dir.file('users')}
pool_mode = transaction
`,
  )
  for (const path of [dir.path, dir.file('users'), dir.file('pgbouncer.ini')]) giveToPostgres(path)
  const isRoot = process.getuid?.() === 0
  const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
  const command = [...(isRoot ? user : []), pgbouncerPath!, dir.file('pgbouncer.ini')]
  const started = startProcess(command, { cwd: dir.path })
  await eventually('PgBouncer listens', () => listens(started))
  return {
    url: through.href,
    async [Symbol.asyncDispose]() {
      await started.stop()
      dir[Symbol.dispose]()
    },
  }
}

function listens(started: BinaryProcess): boolean {
  if (started.exitCode !== undefined) throw new Error(started.stderr)
  return started.stderr.includes('listening on 127.0.0.1')
}
