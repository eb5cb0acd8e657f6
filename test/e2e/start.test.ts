/** How it starts, and what it says when it cannot. */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createDevRegistry } from '../../src/dev/registry.ts'
import type { BinaryProcess } from '../support/binary.ts'
import { freePort, serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

/** Fails unless it ends by itself, with 1 and one line that `reason` is in. */
async function expectRefusal(process: BinaryProcess, reason: RegExp): Promise<void> {
  await using refused = process
  const code = await refused.exited
  expect(refused.stderr).toMatch(reason)
  expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(code).toBe(1)
}

function foreignDatabase(): Buffer {
  using db = new Database(':memory:')
  db.run('create table x (a)')
  return db.serialize()
}

describe('ports', () => {
  test('PORT=0 takes a free one and logs it', async () => {
    using home = serviceHome()
    await using service = await home.start()
    const [line] = service.log('listening')
    expect(line).toMatchObject({ level: 'INFO', database: home.env.TASK_DB })
    expect(Number(new URL(line.url).port)).toBeGreaterThan(0)
  })

  test('one in use: one clear line, and the data is as it was', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using first = await home.start()
    const { json: sent } = await first.submit()
    await first.stop()

    await using taken = scriptedServer()
    const port = String(taken.port)
    await expectRefusal(
      home.launch({ PORT: port }),
      new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use\n$`),
    )

    await using again = await home.start()
    expect(await again.task(sent.task_id)).toMatchObject({ status: 'success' })
  })
})

describe('the database', () => {
  test('one in use by another orchestrator: one clear line', async () => {
    using home = serviceHome({})
    await using first = await home.start()
    await expectRefusal(home.launch(), /orchestrator\.db.* in use by another orchestrator/)
    expect((await first.get('/orchestrator/ready')).status).toBe(200)
  })

  test.each([
    ['garbage', randomBytes(20_000)],
    ['a text', Buffer.from('this was a database once\n')],
    ['a database of something else', foreignDatabase()],
    ['a torn header', Buffer.from('SQLite format 3\0 and then nothing of the sort'.repeat(100))],
  ])('%s: one clear line, and not a byte is changed', async (_, bytes) => {
    using home = serviceHome()
    const file = home.env.TASK_DB!
    writeFileSync(file, bytes)
    await expectRefusal(home.launch(), /orchestrator\.db cannot be used: /)
    expect(readFileSync(file).equals(bytes)).toBe(true)
    expect(existsSync(`${file}-wal`)).toBe(false)
  })

  test('damaged in the middle: one clear line, and not a byte is changed', async () => {
    await using droplet = scriptedServer(json({ text: 'x'.repeat(5000) }))
    using home = serviceHome({ echo: droplet.url })
    await using first = await home.start()
    for (let n = 0; n < 20; n++) await first.submit()
    await first.stop()
    const file = home.env.TASK_DB!
    const bytes = readFileSync(file)
    bytes.fill(0xa5, 4096, bytes.length - 4096)
    writeFileSync(file, bytes)
    await expectRefusal(home.launch(), /orchestrator\.db cannot be used: /)
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })

  test('a directory that cannot be made: one clear line', async () => {
    using home = serviceHome()
    writeFileSync(home.file('file'), '')
    const TASK_DB = home.file('file/below/orchestrator.db')
    await expectRefusal(home.launch({ TASK_DB }), /file\/below\/orchestrator\.db cannot be used: /)
  })
})

describe('the cached list', () => {
  test.each(['{"half":', '[]', 'null', '\0\0\0', '{"synced_at":"x","droplets":1}'])(
    'damaged, %p: a warning, and it starts',
    async (text) => {
      using home = serviceHome()
      mkdirSync(home.env.REGISTRY_CACHE_DIR!)
      writeFileSync(home.file('cache/orchestrator_droplets.json'), text)
      await using service = await home.start()
      const warnings = service.log().filter(({ level }) => level === 'WARNING')
      expect(warnings).toContainEqual(
        expect.objectContaining({ msg: expect.stringContaining('cached droplet list') }),
      )
    },
  )

  test('in a directory that cannot be written: a warning, and it serves', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    writeFileSync(home.file('file'), '')
    await using service = await home.start({ REGISTRY_CACHE_DIR: home.file('file/cache') })
    expect((await service.submit()).status).toBe(200)
    expect(service.log('the droplet list cannot be cached')).toHaveLength(1)
  })

  test('is used while the Registry cannot be reached', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using first = await home.start()
    await first.stop()
    await using service = await home.start({ REGISTRY_URL: 'http://127.0.0.1:1' })
    expect((await service.submit()).json).toMatchObject({ status: 'success' })
    const { json: droplets } = await service.get('/orchestrator/droplets')
    expect(droplets).toMatchObject({ cache_status: 'stale', served_from: 'cache' })
  })
})

test('without a Registry it is healthy, not ready, and says why; with one it gets ready', async () => {
  await using droplet = scriptedServer(json({}))
  using home = serviceHome()
  const port = await freePort()
  await using service = await home.start({
    REGISTRY_URL: `http://127.0.0.1:${port}`,
    REGISTRY_SYNC_INTERVAL: '0.1',
  })
  const notReady = await service.get('/orchestrator/ready')
  expect(notReady.status).toBe(503)
  expect(notReady.json).toMatchObject({
    status: 'not_ready',
    checks: { registry: { ok: false, reason: expect.any(String) }, store: { ok: true } },
  })
  expect((await service.submit()).json.error.code).toBe('REGISTRY_ERROR')

  const registry = createDevRegistry()
  try {
    registry.listen({ port, hostname: '127.0.0.1' })
    await service.ready()
    const endpoint = droplet.url
    const body = JSON.stringify({ name: 'echo', endpoint })
    await fetch(`http://127.0.0.1:${port}/droplets`, { method: 'POST', body })
    await eventually('listed', async () => {
      return (await service.get('/orchestrator/droplets')).text.includes(endpoint)
    })
    expect((await service.submit()).json).toMatchObject({ status: 'success' })
  } finally {
    await registry.stop()
  }
})
