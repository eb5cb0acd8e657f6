/** Databases in a real Postgres that the tests start themselves. */
import { SQL } from 'bun'
import { PostgresServer, type ServerOptions } from './postgres-server.ts'

export { hasPostgres, postgresProgram, withPostgres } from './postgres-programs.ts'
export type { PostgresServer, ServerOptions }

export interface TestDatabase extends AsyncDisposable {
  /** With the password. */
  readonly url: string
  readonly name: string
  /** One statement, as its user writes it, on a connection of the tests; values are $1, $2, … */
  // oxlint-disable-next-line typescript/no-explicit-any
  query(text: string, values?: unknown[]): Promise<any[]>
}

/** One for all tests of this process; it ends with the process. */
let shared: Promise<PostgresServer> | null = null
let made = 0

/** A new, empty one; `server`: in this one, in place of the one of all tests. */
export async function createDatabase(server?: PostgresServer): Promise<TestDatabase> {
  const home = server ?? (await (shared ??= PostgresServer.start()))
  const name = `test_${++made}`
  await ask(home.url('postgres'), `create database ${name}`)
  return {
    name,
    url: home.url(name),
    query: (text, values) => ask(home.url(name), text, values),
    async [Symbol.asyncDispose]() {
      // A server of the test's own is gone with all that it has.
      if (!server) await ask(home.url('postgres'), `drop database ${name} with (force)`)
    },
  }
}

/** One of the test's own: to stop, kill, freeze or fill. */
export function startPostgres(options?: ServerOptions): Promise<PostgresServer> {
  return PostgresServer.start(options)
}

/** A connection for each: so there is none that a restart of the server has broken. */
// oxlint-disable-next-line typescript/no-explicit-any
async function ask(url: string, text: string, values?: unknown[]): Promise<any[]> {
  await using sql = new SQL(url, { max: 1 })
  return await sql.unsafe(text, values)
}
