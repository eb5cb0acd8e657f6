/** The password in TASK_DB is in nothing that a command says or logs. */
import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { runBinary, type Result } from '../support/binary.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime } from '../support/eventually.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'

allowRealTime()

const PASSWORD = 'pass%2Fword-of-the-tests'
const AWAY = `postgres://orc:${PASSWORD}@127.0.0.1:1/tasks`

function said({ stdout, stderr }: Pick<Result, 'stdout' | 'stderr'>, url: string): string {
  const all = stdout + stderr
  const { password } = new URL(url)
  for (const form of [password, decodeURIComponent(password)]) expect(all).not.toContain(form)
  return all
}

const COMMANDS = [
  ['serve', 1],
  ['check', 1],
  ['doctor', 1],
  ['doctor --json', 1],
  ['backup copy.db', 1],
  ['migrate --from tasks.db', 1],
  ['dev --port 0 --registry-port 0', 78],
] as const

describe('a Postgres that is not there', () => {
  test.each(COMMANDS)('%s', async (command, expected) => {
    using home = serviceHome({})
    const file = await home.start()
    await file.stop()
    const env = { ...home.env, TASK_DB: AWAY, PUBLIC_URL: 'http://orchestrator.example' }
    const args = command.replace('tasks.db', home.env.TASK_DB!).split(' ')
    const result = await runBinary(args, { env, cwd: home.path })
    expect([command, result.code]).toEqual([command, expected])
    said(result, AWAY)
    expect(existsSync(home.file('copy.db'))).toBe(false)
  })

  test.each(['serve', 'check', 'doctor'])('%s, of a URL with a fault', async (command) => {
    const url = `postgres://orc:${PASSWORD}@127.0.0.1:1`
    const env = { TASK_DB: url, PUBLIC_URL: 'http://orchestrator.example', PORT: '0' }
    const result = await runBinary([command], { env })
    expect(said(result, url)).toContain('it names no database')
  })
})

describe.skipIf(!hasPostgres)(`a Postgres that is there${withPostgres}`, () => {
  test('refuses the password', async () => {
    await using db = await createDatabase()
    const url = new URL(db.url)
    url.password = PASSWORD
    using home = serviceHome({})
    const env = { ...home.env, TASK_DB: url.href, PUBLIC_URL: 'http://orchestrator.example' }
    for (const command of ['serve', 'check', 'doctor']) {
      const result = await runBinary([command], { env })
      expect([command, result.code]).toEqual([command, 1])
      expect(said(result, url.href)).toContain('refuses the user postgres')
    }
  })

  test('takes it: neither the log nor a reply has it', async () => {
    await using db = await createDatabase()
    using home = serviceHome({})
    const env = { TASK_DB: db.url, PUBLIC_URL: 'http://orchestrator.example', LOG_LEVEL: 'DEBUG' }
    await using service = await home.start(env)
    await service.ready()
    const [listening] = service.log('listening')
    expect(listening.database).toContain('postgres:***@')
    const info = await service.get('/orchestrator/info')
    const ready = await service.get('/orchestrator/ready')
    await service.stop()
    said({ stdout: service.stdout, stderr: service.stderr + info.text + ready.text }, db.url)
  })
})
