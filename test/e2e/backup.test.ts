/** `orchestrator backup` beside a service at work, and a service that starts from the copy. */
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { binaryPath, runBinary, runProcess, startProcess } from '../support/binary.ts'
import { serviceHome, type Service, type ServiceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { ASYNC } from '../support/orchestrator.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const CALLERS = 8

/** Tasks that wait for later, with a secret header, and tasks that end; until it is stopped. */
function load(service: Service) {
  const acknowledged = { ended: [] as string[], waiting: [] as string[] }
  const statuses = new Set<number>()
  let isOver = false
  const call = async (caller: number) => {
    for (let n = 0; !isOver; n++) {
      const waits = caller % 2 === 0
      const later = { delay_seconds: 600, headers: { cookie: `of-${caller}-${n}` } }
      const reply = await service.submit(waits ? later : { meta: { n } }, waits ? ASYNC : {})
      statuses.add(reply.status)
      acknowledged[waits ? 'waiting' : 'ended'].push(reply.json.task_id)
    }
  }
  const calls = Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)))
  return {
    acknowledged,
    statuses,
    stop: async () => {
      isOver = true
      await calls
    },
  }
}

test('a copy beside a service under load has what was acknowledged before; it starts from it', async () => {
  await using echo = scriptedServer(json({ fine: true }))
  using home = serviceHome({ echo: echo.url })
  await using service = await home.start()
  const callers = load(service)
  await eventually('some tasks', () => callers.acknowledged.ended.length > 300)
  const before = structuredClone(callers.acknowledged)
  const { code, stdout, stderr } = await runBinary(['backup', home.file('copy.db')], {
    env: home.env,
  })
  const during = callers.acknowledged.ended.length - before.ended.length
  await callers.stop()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/copy\.db: \d+ tasks, [\d.]+ [KM]iB, checked\n$/)
  expect(during).toBeGreaterThan(0)
  expect([...callers.statuses].sort()).toEqual([200, 202])
  await service.stop()

  renameSync(home.file('copy.db'), home.file('orchestrator.db.copy'))
  await using restored = await home.start({ TASK_DB: home.file('orchestrator.db.copy') })
  for (const id of before.ended) {
    const { json: task } = await restored.get(`/orchestrator/tasks/${id}`)
    expect([id, task.status]).toEqual([id, 'success'])
  }
  for (const id of before.waiting) {
    const { json: task } = await restored.get(`/orchestrator/tasks/${id}`)
    expect([id, task.status]).toEqual([id, 'queued'])
  }
  const copied = Number(/(\d+) tasks/.exec(stdout)![1])
  expect((await restored.get('/orchestrator/tasks?limit=1')).json.total).toBe(copied)
})

/** As large as it takes for the copy to take a moment. */
function makeLarge(file: string): void {
  const db = new Database(file)
  db.run('create table ballast (text)')
  db.run(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000)
    insert into ballast select hex(randomblob(500)) from n`)
  db.close()
}

async function signalled(home: ServiceHome, signal: 'SIGTERM' | 'SIGHUP') {
  const command = [binaryPath(), 'backup', home.file('copy.db')]
  await using copying = startProcess(command, { env: home.env })
  const copies = () => readdirSync(home.path).filter((name) => name.startsWith('copy.db'))
  await eventually('it copies', () => copies().length > 0)
  copying.signal(signal)
  await copying.exited
  return { left: copies(), code: copying.exitCode, stderr: copying.stderr }
}

test('a signal leaves nothing behind, or a whole copy', async () => {
  using home = serviceHome({})
  await using service = await home.start()
  await service.stop()
  makeLarge(home.file('orchestrator.db'))
  const { left, code, stderr } = await signalled(home, 'SIGTERM')
  if (code === 0) expect(left).toEqual(['copy.db'])
  else expect([left, code, stderr]).toEqual([[], 1, 'ended by SIGTERM\n'])
})

test('a terminal that is closed ends no copy', async () => {
  using home = serviceHome({})
  await using service = await home.start()
  await service.stop()
  makeLarge(home.file('orchestrator.db'))
  expect(await signalled(home, 'SIGHUP')).toEqual({ left: ['copy.db'], code: 0, stderr: '' })
})

test('a disk that takes no more: one line, and nothing is left', async () => {
  using home = serviceHome({})
  await using service = await home.start()
  await service.stop()
  makeLarge(home.file('orchestrator.db'))
  // Files of 1 MB at most, which is told as a full disk is: by a write that fails.
  const limited = `trap '' XFSZ; ulimit -f 2000; exec "$0" backup "$1"`
  const copy = home.file('copy.db')
  const command = ['bash', '-c', limited, binaryPath(), copy]
  const { code, stdout, stderr } = await runProcess(command, { env: home.env })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^The database .*orchestrator\.db cannot be copied into .*copy\.db: /),
  ])
  expect(readdirSync(home.path).filter((name) => name.startsWith('copy.db'))).toEqual([])
  expect(existsSync(copy)).toBe(false)
})
