/** The Postgres of the tests: it must be real, theirs alone, and gone after them. */
import { SQL } from 'bun'
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProcess } from '../support/binary.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { createDatabase, hasPostgres, startPostgres, withPostgres } from '../support/postgres.ts'

allowRealTime()

describe.skipIf(!hasPostgres)(`the Postgres of the tests${withPostgres}`, () => {
  test('each test has a database of its own, gone after it', async () => {
    await using other = await createDatabase()
    {
      await using database = await createDatabase()
      await database.query('create table t (n int, word text)')
      await database.query('insert into t values ($1, $2)', [1, "it's"])
      expect(await database.query('select * from t')).toEqual([{ n: 1, word: "it's" }])
      expect(await other.query("select to_regclass('t') as t")).toEqual([{ t: null }])
    }
    const names = await other.query("select datname from pg_database where datname like 'test_%'")
    expect(names).toEqual([{ datname: other.name }])
    expect(await other.query('show fsync')).toEqual([{ fsync: 'on' }])
  })

  test('what is committed is there after a kill, and on the same port', async () => {
    await using server = await startPostgres()
    const { port } = server
    const database = await createDatabase(server)
    await database.query('create table t as select 1 as n')
    await server.kill()
    await expect(database.query('select 1')).rejects.toThrow()
    await server.start()
    expect(server.log).toContain('was not properly shut down')
    expect(await database.query('select * from t')).toEqual([{ n: 1 }])
    await server.stop()
    await server.start()
    expect(server.log).not.toContain('was not properly shut down')
    expect(await database.query('select * from t')).toEqual([{ n: 1 }])
    expect(server.port).toBe(port)
  })

  test('frozen, it takes what is asked and answers later', async () => {
    await using server = await startPostgres()
    const { query } = await createDatabase(server)
    await using sql = new SQL(server.url('postgres'), { max: 1 })
    const [{ pid }] = await sql`select pg_backend_pid() as pid`
    const pids = [pid, Number(fieldOf(pid, 'PPid'))]
    server.freeze()
    // So it can't answer, on the connection that is open or on a new one.
    await eventually('it stands still', () => pids.every(isStopped))
    const answers = Promise.all([sql`select 1 as n`, query('select 2 as n')])
    const socket = { data() {} }
    const taken = await Bun.connect({ hostname: '127.0.0.1', port: server.port, socket })
    taken.end()
    server.thaw()
    expect((await answers).flat()).toEqual([{ n: 1 }, { n: 2 }])
  })

  test.each([
    ['when they exit', 'process.exit()'],
    ['when they are killed', 'process.kill(process.pid, "SIGKILL")'],
    ['when they are killed while it is frozen', 'server.freeze(); process.kill(process.pid, 9)'],
  ])('nothing is left of it %s', async (_, end) => {
    const module = join(import.meta.dir, '../support/postgres.ts')
    const script = `
      const { startPostgres, createDatabase } = await import(${JSON.stringify(module)})
      const server = await startPostgres()
      const pids = await (await createDatabase(server)).query('select pg_backend_pid() as pid')
      const [{ folder }] = await (await createDatabase(server)).query(
        "select current_setting('data_directory') as folder")
      console.log(JSON.stringify({ folder }))
      ${end}`
    const env = { PATH: process.env.PATH!, ...librariesOf(process.env) }
    await using tests = startProcess([process.execPath, '-e', script], { env })
    const folder = await eventually('its folder', () => {
      if (tests.exitCode !== undefined && tests.stdout === '') throw new Error(tests.stderr)
      return tests.stdout.endsWith('\n') ? (JSON.parse(tests.stdout).folder as string) : null
    })
    await tests.exited
    await eventually('its folder is gone', () => !existsSync(folder))
    expect(commandLines().filter((line) => line.includes(folder))).toEqual([])
  })
})

/** Of /proc/PID/status. */
function fieldOf(pid: number, name: string): string | undefined {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]
}

const isStopped = (pid: number) => fieldOf(pid, 'State') === 'T (stopped)'

const librariesOf = ({ POSTGRES_LIBRARIES: libraries }: NodeJS.ProcessEnv) =>
  libraries ? { POSTGRES_LIBRARIES: libraries } : undefined

function commandLines(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return ''
    }
  })
}
