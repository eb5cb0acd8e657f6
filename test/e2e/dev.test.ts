/** `orchestrator dev`: a mesh to try things out with, and command lines that work as printed. */
import { describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { binaryPath, runBinary } from '../support/binary.ts'
import { freePort } from '../support/binary-service.ts'
import { startDev } from '../support/dev.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { scriptedServer } from '../support/scripted-server.ts'
import { commandsOf, curlFault, shellIn } from '../support/shell.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

/** From the README of the service that this one replaces. */
const SEED_LINES = `
curl http://localhost:8001/orchestrator/health
curl http://localhost:8001/orchestrator/info
curl http://localhost:8001/orchestrator/droplets
curl -X POST http://localhost:8001/orchestrator/tasks \\
  -H "Content-Type: application/json" \\
  -d '{
    "droplet_name": "registry",
    "method": "GET",
    "path": "/health",
    "payload": null,
    "meta": {"requested_by": "test"}
  }'
curl http://localhost:8001/orchestrator/tasks
curl "http://localhost:8001/orchestrator/tasks?status=success"
curl "http://localhost:8001/orchestrator/tasks?droplet_name=registry"
curl "http://localhost:8001/orchestrator/tasks?limit=50"
curl http://localhost:8001/orchestrator/metrics
`

async function devIn(dir: { path: string; file(name: string): string }) {
  const bin = dir.file('bin')
  mkdirSync(bin)
  const env = { REGISTRY_CACHE_DIR: dir.file('cache') }
  const dev = await startDev([binaryPath(), 'dev'], dir.path, env)
  const shell = shellIn(dir.path, bin)
  const run = async (command: string) => {
    const result = await shell.run(command)
    expect([command, curlFault(result)]).toEqual([command, null])
    return JSON.parse(result.stdout)
  }
  return { dev, run }
}

test('the lines that it prints work as printed, in their order', async () => {
  using dir = temporaryDir()
  const { dev, run } = await devIn(dir)
  await using _ = dev
  const lines = commandsOf(dev.startMessage).filter((line) => line.startsWith('curl '))
  const replies = []
  for (const line of lines) replies.push(await run(line))
  const [health, droplets, hello, retried, accepted, list, metrics] = replies

  expect(replies).toHaveLength(7)
  expect(health).toMatchObject({ status: 'ok', service: 'orchestrator' })
  const names = droplets.droplets.map(({ name }: { name: string }) => name)
  expect(names).toEqual(expect.arrayContaining(['registry', 'echo']))
  expect(hello).toMatchObject({ status: 'success', response_body: { body: { hello: 'world' } } })
  expect(retried).toMatchObject({ status: 'success', retry_count: 2 })
  expect(retried.duration_ms).toBeGreaterThanOrEqual(3000)
  expect(accepted).toMatchObject({ status: 'queued', task_id: expect.any(String) })
  expect(list.total).toBe(3)
  expect(metrics.tasks.success).toBe(2)

  const waited = await run(`curl '${dev.url}${accepted.location}?wait=30'`)
  expect(waited.status).toBe('success')
  await dev.stop()
  expect(await dev.exited).toBe(0)
  expect(dev.stderr).toBe('')
})

test('Ctrl-C with a task running says what it waits for; a second one ends it at once', async () => {
  using dir = temporaryDir()
  const { dev, run } = await devIn(dir)
  await using _ = dev
  const slow = '{"droplet_name":"echo","path":"/slow?delay_ms=60000"}'
  await run(
    `curl ${dev.url}/orchestrator/tasks -H 'Content-Type: application/json' -H 'Prefer: respond-async' -d '${slow}'`,
  )
  await eventually('the task to run', async () => {
    const { tasks } = await run(`curl ${dev.url}/orchestrator/metrics`)
    return tasks.running === 1
  })
  dev.signal('SIGINT')
  const line = await eventually('what it waits for', () => {
    return dev.stdout.split('\n').find((each) => each.includes('stopping'))
  })
  expect(JSON.parse(line)).toMatchObject({ running: 1, queued: 0, grace_seconds: 30 })
  // A signal like the first is not taken for a second one as long as it may be the same.
  let hasEnded = false
  void dev.exited.then(() => (hasEnded = true))
  await eventually('its end', () => {
    if (!hasEnded) dev.signal('SIGINT')
    return hasEnded
  })
  expect(await dev.exited).toBe(130)
  expect(dev.stderr).toBe('ended at once; 1 task was running\n')
})

test("the lines of its predecessor's README work unchanged", async () => {
  using dir = temporaryDir()
  const { dev, run } = await devIn(dir)
  await using _ = dev
  const text = SEED_LINES.replaceAll('http://localhost:8001', dev.url)
  // Its JSON runs over several lines.
  const lines = text.replaceAll('\\\n', '').split(/\n(?=curl )/)
  const replies = []
  for (const line of lines) if (line.trim() !== '') replies.push(await run(line.trim()))
  expect(replies).toHaveLength(9)
  expect(replies[3]).toMatchObject({
    status: 'success',
    target_url: `${dev.registryUrl}/health`,
    response_status: 200,
    response_body: { status: 'active', service: 'registry' },
    retry_count: 0,
  })
  for (const { tasks } of replies.slice(4, 8)) expect(tasks).toHaveLength(1)
  expect(replies[8]).toMatchObject({ tasks: { total: 1, success: 1 } })
})

describe('ports', () => {
  test('--port and --registry-port say where', async () => {
    using dir = temporaryDir()
    const ports = { own: await freePort(), registry: await freePort() }
    await using dev = await startDev(
      [binaryPath(), 'dev'],
      '/',
      {
        REGISTRY_CACHE_DIR: dir.file('cache'),
      },
      ports,
    )
    expect(dev.url).toBe(`http://localhost:${ports.own}`)
    expect(dev.registryUrl).toBe(`http://localhost:${ports.registry}`)
    for (const url of [`${dev.url}/orchestrator/ready`, `${dev.registryUrl}/droplets`]) {
      expect([url, (await fetch(url)).status]).toEqual([url, 200])
    }
  })

  test.each(['--port', '--registry-port'])('%s in use: one clear line, 1', async (flag) => {
    using dir = temporaryDir()
    await using taken = scriptedServer()
    const others = flag === '--port' ? ['--registry-port', '0'] : ['--port', '0']
    const { code, stderr } = await runBinary(['dev', flag, String(taken.port), ...others], {
      env: { REGISTRY_CACHE_DIR: dir.file('cache') },
    })
    expect(code).toBe(1)
    expect(stderr).toBe(
      `Cannot listen on 127.0.0.1:${taken.port}: the port is in use; ` +
        `choose another with ${flag} N; 0 takes a free one\n`,
    )
  })
})

test('it takes no part in the work of other nodes, and says so without a password', async () => {
  using dir = temporaryDir()
  const env = {
    TASK_DB: 'postgres://orc:pass-word@127.0.0.1:1/tasks',
    PUBLIC_URL: 'http://orchestrator.example',
    REGISTRY_CACHE_DIR: dir.file('cache'),
  }
  const args = ['dev', '--port', '0', '--registry-port', '0']
  const { code, stdout, stderr } = await runBinary(args, { env, cwd: dir.path })
  expect([code, stdout]).toEqual([78, ''])
  expect(stderr).toStartWith('TASK_DB is a Postgres, and its nodes share all work: dev has ')
  expect(stderr).not.toContain('pass-word')
})
