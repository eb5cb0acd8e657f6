/** What droplets answer costs bounded memory, and holds up nothing else. */
import { expect, test } from 'bun:test'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime } from '../support/eventually.ts'
import { json, reply, scriptedServer, type Answer } from '../support/scripted-server.ts'

allowRealTime()

const BOMB_BYTES = 300_000_000

/** A few hundred bytes, or some hundred thousand, that unpack to 300 MB. */
function bomb(coding: 'br' | 'gzip'): Answer {
  const body = Buffer.alloc(BOMB_BYTES)
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
  const coded = coding === 'br' ? brotliCompressSync(body, quick) : gzipSync(body, { level: 1 })
  return reply({ headers: { 'content-encoding': coding }, body: coded })
}

test.each(['br', 'gzip'] as const)('a bomb (%s) is too large, and no more', async (coding) => {
  await using droplet = scriptedServer(bomb(coding))
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start()
  const before = service.peakRssMb()
  const answers = await Promise.all(Array.from({ length: 8 }, () => service.submit()))
  for (const { status, json } of answers) {
    expect(status).toBe(200)
    expect(json).toMatchObject({ status: 'error', retry_count: 0 })
    expect(json.response_body).toMatchObject({ _truncated: true, _original_size_kb: null })
  }
  expect(droplet.requests).toHaveLength(8)
  // Unpacked, they would be 2.4 GB.
  expect(service.peakRssMb() - before).toBeLessThan(300)
})

test('while large answers come in, whatever they are, others are answered', async () => {
  // JSON that takes JSON.parse a second: it is all structure.
  const body = `[${'[],'.repeat(3_000_000)}0]`
  await using large = scriptedServer(reply({ body }))
  await using quick = scriptedServer(json({ quick: true }))
  using home = serviceHome({ large: large.url, quick: quick.url })
  // Without a disk to wait for, all is work of the processor: its speed is the same for all.
  await using service = await home.start({ TASK_DB: ':memory:' })
  const count = 6
  let open = count
  const submitted = Array.from({ length: count }, async () => {
    // Not parsed here: this process would be as busy with it.
    const response = await fetch(`${service.url}/orchestrator/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ droplet_name: 'large', path: '/' }),
    })
    const text = await response.text()
    open--
    return text.length
  })
  // With JSON.parse, not one for each of the large ones gets in between them.
  let answered = 0
  while (open > 0) {
    expect((await service.submit({ droplet_name: 'quick' })).json.status).toBe('success')
    answered++
  }
  for (const length of await Promise.all(submitted)) expect(length).toBeGreaterThan(body.length)
  expect(answered).toBeGreaterThan(count)
})
