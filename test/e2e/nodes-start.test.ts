/** How nodes begin on a Postgres: several at once, and those that cannot. */
import { describe, expect, test } from 'bun:test'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { nodesOver } from '../support/nodes.ts'
import { createDatabase, hasPostgres, startPostgres, withPostgres } from '../support/postgres.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const NAMES = ['a', 'b', 'c']

/** The lines of stderr, and the exit code, of a node that ends by itself. */
async function refusal(url: string, env: Record<string, string> = {}) {
  await using nodes = nodesOver(url, {})
  const process = nodes.launch('refused', env)
  await eventually('it ended', () => process.exitCode !== undefined)
  expect(process.stdout).not.toContain('listening')
  return { code: process.exitCode!, lines: process.stderr.trimEnd().split('\n') }
}

/** Its password is in no output. */
const shown = (url: string) => url.replace(/:[^:@/]+@/, ':***@')

describe.skipIf(!hasPostgres)(`nodes on a Postgres${withPostgres}`, () => {
  test('three start at once on an empty one', async () => {
    await using echo = scriptedServer(json({}))
    await using database = await createDatabase()
    await using nodes = nodesOver(database.url, { echo: echo.url })
    const all = await Promise.all(NAMES.map((name) => nodes.start(name)))
    for (const node of all) {
      expect((await node.submit()).json).toMatchObject({ status: 'success' })
      const { json: info } = await node.get('/orchestrator/info')
      expect(info.nodes.map(({ name }: { name: string }) => name)).toEqual(NAMES)
      expect(node.log().filter(({ level }) => level === 'ERROR')).toEqual([])
    }
    expect((await all[0]!.get('/orchestrator/tasks')).json.total).toBe(NAMES.length)
  })

  test('one of a later version is refused in one line with both versions, and not touched', async () => {
    await using database = await createDatabase()
    {
      await using nodes = nodesOver(database.url, {})
      await nodes.start('first')
    }
    await database.query('update orchestrator.meta set version = version + 3')
    const before = await database.query('select * from orchestrator.meta')
    const { code, lines } = await refusal(database.url)
    const { version } = before[0]
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [
        `The database ${shown(database.url)} cannot be used: its schema is of a newer version of ` +
          `the service: ${version}, and this version knows schemas up to ${version - 3}`,
      ],
    })
    expect(await database.query('select * from orchestrator.meta')).toEqual(before)
  })

  test('a wrong password, or a database that is not there, is one line without the password', async () => {
    await using database = await createDatabase()
    const wrong = new URL(database.url)
    wrong.password = 'not-the-password'
    const absent = new URL(database.url)
    absent.pathname = '/absent'
    for (const [{ href }, why] of [
      [wrong, 'password authentication failed'],
      [absent, 'has no database absent'],
    ] as const) {
      const { code, lines } = await refusal(href)
      expect([code, lines.length]).toEqual([1, 1])
      expect(lines[0]).toStartWith(`The database ${shown(href)} cannot be used: `)
      expect(lines[0]).toContain(why)
      expect(lines[0]).not.toContain(new URL(href).password)
    }
  })

  test('one that is not there is one line', async () => {
    await using server = await startPostgres()
    const url = server.url('postgres')
    await server.stop()
    const { code, lines } = await refusal(url)
    expect([code, lines.length]).toEqual([1, 1])
    expect(lines[0]).toStartWith(`The database ${shown(url)} cannot be used: `)
  })
})

test('without PUBLIC_URL it does not start on a Postgres', async () => {
  const { code, lines } = await refusal('postgres://user:secret@127.0.0.1:1/tasks', {
    PUBLIC_URL: '',
  })
  expect(code).toBe(78)
  expect(lines.filter((line) => line.includes('PUBLIC_URL'))).toHaveLength(1)
  expect(lines.join()).not.toContain('secret')
})
