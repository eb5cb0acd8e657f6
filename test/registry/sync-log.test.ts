/** What the log says about the Registry: enough to know what to do, and no line twice. */
import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allowRealTime } from '../support/eventually.ts'
import { memoryCache } from '../support/memory-cache.ts'
import { answeringServer, json, reply, scriptedServer } from '../support/scripted-server.ts'
import { droplet, EXPIRY_MS, listOf, meshAt } from './mesh.ts'

allowRealTime()

const FAILED = 'the sync with the Registry failed'

const linesOf = ({ log }: ReturnType<typeof meshAt>, ...levels: string[]) =>
  log.lines.filter(({ level }) => levels.includes(level))

test('a failed sync says of which Registry, and how long the kept list is good: once', async () => {
  await using upstream = scriptedServer(json(listOf('one')))
  await using mesh = meshAt(upstream.url)
  await mesh.registry.refresh()
  upstream.script(reply({ status: 500 }))
  await mesh.clock.advance(60_500)
  await mesh.registry.refresh()
  await mesh.clock.advance(60_000)
  await mesh.registry.refresh()
  const fields = { url: upstream.url, error: 'it answered 500', usable_seconds: 240 }
  expect(mesh.warnings()).toEqual([{ level: 'WARNING', msg: FAILED, fields }])
})

test('a list that never expires is good for ever', async () => {
  await using upstream = scriptedServer(json(listOf('one')))
  await using mesh = meshAt(upstream.url, { cacheExpiryMs: 0 })
  await mesh.registry.refresh()
  upstream.script(reply({ status: 500 }))
  await mesh.registry.refresh()
  expect(mesh.warnings()[0]?.fields.usable_seconds).toBeNull()
})

test('no list at all is an error, once, until there was one', async () => {
  await using upstream = scriptedServer(reply({ status: 502 }))
  await using mesh = meshAt(upstream.url)
  await mesh.registry.start()
  for (let n = 0; n < 3; n++) await mesh.registry.refresh()
  const fields = { url: upstream.url, error: 'it answered 502' }
  const msg = 'there is no list of droplets: no task can be routed'
  expect(linesOf(mesh, 'WARNING', 'ERROR')).toEqual([
    { level: 'WARNING', msg: FAILED, fields },
    { level: 'ERROR', msg, fields },
  ])
  upstream.script(json(listOf('one')), reply({ status: 502 }))
  await mesh.registry.refresh()
  await mesh.registry.refresh()
  expect(linesOf(mesh, 'ERROR')).toHaveLength(1)
  await mesh.clock.advance(EXPIRY_MS)
  expect(mesh.log.messages('ERROR').slice(1)).toEqual([
    'the list of droplets has expired: no task can be routed',
  ])
})

test('a list from the cache is no reason for an error', async () => {
  await using upstream = scriptedServer(reply({ status: 502 }))
  const cache = memoryCache({ syncedAt: 1e15, droplets: [droplet('one')] })
  await using mesh = meshAt(upstream.url, { cache })
  await mesh.registry.start()
  await mesh.registry.refresh()
  expect(linesOf(mesh, 'ERROR')).toEqual([])
  expect(mesh.warnings()[0]?.fields.usable_seconds).toBe(EXPIRY_MS / 1000)
})

test('a file that is empty, or no JSON, is a warning that names it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'registry file-'))
  try {
    const path = join(dir, 'droplets.json')
    await Bun.write(path, '[')
    await using mesh = meshAt(Bun.pathToFileURL(path).href)
    await mesh.registry.refresh()
    expect(mesh.warnings()[0]?.fields.error).toBe(`${path} is not JSON: Unexpected EOF`)
    await Bun.write(path, '7')
    await mesh.registry.refresh()
    expect(mesh.warnings()[1]?.fields.error).toBe(`${path} is no list of droplets`)
    await Bun.write(path, JSON.stringify(listOf('one')))
    await mesh.registry.refresh()
    await Bun.write(path, '[]')
    await mesh.registry.refresh()
    const error = 'it lists no droplets: keeping the list from before'
    expect(mesh.warnings()[2]?.fields).toMatchObject({ error, usable_seconds: EXPIRY_MS / 1000 })
    await mesh.clock.advance(EXPIRY_MS)
    await mesh.registry.refresh()
    expect(mesh.warnings()[3]?.msg).toBe(
      'the Registry lists no droplets any more: the list from before is dropped',
    )
    expect(mesh.registry.directory().size).toBe(0)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test('droplets that are given up are named, a few of them', async () => {
  const lost = Array.from({ length: 7 }, (_, n) => `d${n}`)
  await using upstream = scriptedServer()
  upstream.script(json(listOf(...lost)), json([]), json(listOf('new')))
  await using mesh = meshAt(upstream.url)
  for (let n = 0; n < 3; n++) await mesh.registry.refresh()
  await mesh.clock.advance(EXPIRY_MS)
  await mesh.registry.refresh()
  expect(mesh.warnings().slice(1)).toMatchObject([
    { fields: { unlisted: 7 } },
    { fields: { dropped: 7, first: lost.slice(0, 5) } },
  ])
})

test('a registration that is refused says why, as the Registry has it, and is told once', async () => {
  let tries = 0
  await using upstream = answeringServer(({ method }) =>
    method === 'GET'
      ? json(listOf('one'))
      : json({ detail: `try ${++tries}: the name is ${'long '.repeat(100)}` }, 422),
  )
  await using mesh = meshAt(upstream.url, { registerSelf: true })
  for (let n = 1; n <= 2; n++) {
    await mesh.registry.refresh()
    await mesh.clock.settle(() => tries === n)
  }
  await mesh.registry.stop()
  expect(mesh.warnings()).toHaveLength(1)
  const { error, reason } = mesh.warnings()[0]!.fields
  expect(error).toBe('POST /droplets was answered with 422')
  expect(reason).toStartWith('{"detail":"try 1: the name is long long')
  expect(reason).toHaveLength(200)
})

test('one that is refused without a word, too', async () => {
  await using upstream = answeringServer(({ method }) =>
    method === 'GET' ? json(listOf('one')) : reply({ status: 500 }),
  )
  await using mesh = meshAt(upstream.url, { registerSelf: true })
  await mesh.registry.refresh()
  await mesh.clock.settle(() => mesh.warnings().length === 1)
  expect(mesh.warnings()[0]?.fields).toEqual({ error: 'POST /droplets was answered with 500' })
})

test('messages begin in lower case, as all others of the log do', async () => {
  const sources = new Bun.Glob('**/*.ts').scanSync({ cwd: join(import.meta.dir, '../../src') })
  const texts = await Promise.all(
    [...sources].map((file) => Bun.file(join(import.meta.dir, '../../src', file)).text()),
  )
  const said = texts.flatMap((text) => [
    ...text.matchAll(/\.(?:debug|info|warn|warning|error)\(\s*(['`][^'`]*)/g),
  ])
  expect(said.length).toBeGreaterThan(20)
  expect(said.map(([, msg]) => msg).filter((msg) => /^.[A-Z]/.test(msg!))).toEqual([])
})
