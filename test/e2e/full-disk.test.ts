/** A disk that is full, and has room again. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { serviceHome, type Service, type ServiceHome } from '../support/binary-service.ts'
import { eventually } from '../support/eventually.ts'
import { held, json, scriptedServer } from '../support/scripted-server.ts'

// Real processes on a busy machine.
setDefaultTimeout(30_000)

const ASYNC = { prefer: 'respond-async' }

interface SmallDisk extends Disposable {
  path: string
  fill(): void
  free(): void
}

/** null where the test may not mount anything. */
function mountSmallDisk(home: ServiceHome): SmallDisk | null {
  const path = home.file('disk')
  mkdirSync(path)
  if (!Bun.which('mount') || process.getuid?.() !== 0) return null
  const mount = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path])
  if (mount.exitCode !== 0) return null
  const filler = `${path}/filler`
  return {
    path,
    fill() {
      const file = openSync(filler, 'a')
      // Large pieces, then small ones, until not a page is left.
      for (const size of [64 * 1024, 4096]) {
        try {
          while (writeSync(file, Buffer.alloc(size)) === size);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      }
      closeSync(file)
    },
    free: () => rmSync(filler),
    [Symbol.dispose]: () => void Bun.spawnSync(['umount', '-l', path]),
  }
}

/** Submits until one is refused: SQLite may have had room in pages it had taken before. */
async function submitUntilRefused(service: Service, accepted: string[]) {
  return eventually('refused', async () => {
    const reply = await service.submit({ delay_seconds: 1 }, ASYNC)
    if (reply.status !== 202) return reply
    accepted.push(reply.json.task_id)
    return null
  })
}

test('a full disk: new tasks are refused, none is lost, and it recovers by itself', async () => {
  const release = Promise.withResolvers<void>()
  await using slow = scriptedServer(held(release.promise, json({ slow: true })))
  await using quick = scriptedServer(json({ quick: true }))
  using home = serviceHome({ slow: slow.url, echo: quick.url })
  using disk = mountSmallDisk(home)
  if (!disk) {
    console.warn('Nothing can be mounted here: the full disk was not tried')
    return
  }
  await using service = await home.start({ TASK_DB: `${disk.path}/orchestrator.db` })
  const accepted: string[] = []
  accepted.push((await service.submit({ delay_seconds: 1 }, ASYNC)).json.task_id)
  const inFlight = service.submit({ droplet_name: 'slow' })
  await slow.received(1)

  disk.fill()
  const refused = await submitUntilRefused(service, accepted)
  expect([refused.status, refused.json.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
  expect(refused.headers.has('retry-after')).toBe(true)
  const synchronous = await service.submit()
  expect([synchronous.status, synchronous.json.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
  const ready = await service.get('/orchestrator/ready')
  expect([ready.status, ready.json.checks.store.ok]).toEqual([503, false])
  expect(ready.json.checks.store.reason).toEqual(expect.any(String))
  expect((await service.get('/orchestrator/health')).status).toBe(200)

  // The droplet has answered, but that can't be recorded: its caller must not be told yet.
  release.resolve()
  let answered = false
  void inFlight.then(() => (answered = true))
  // Two retries of the write, both on the full disk; those due by now must not be sent either.
  await Bun.sleep(2000)
  expect(answered).toBe(false)
  expect(quick.requests).toHaveLength(0)

  disk.free()
  const { status, json: outcome } = await inFlight
  expect([status, outcome.status, outcome.response_body]).toEqual([200, 'success', { slow: true }])
  await service.ready()
  expect((await service.submit()).json).toMatchObject({ status: 'success' })
  for (const id of accepted) {
    const task = await service.task(id, (each) => each.status === 'success')
    expect(task.attempts).toHaveLength(1)
  }
  const page = await service.get('/orchestrator/tasks?limit=1000')
  expect(page.json.total).toBe(accepted.length + 2)
  expect(service.log('the store can be written again').length).toBeGreaterThan(0)
  await service.stop()
  expect(await service.exited).toBe(0)
})
