/** From one machine with a SQLite file to two nodes with a Postgres: what an operator does. */
import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { runBinary, startProcess, binaryPath } from '../support/binary.ts'
import { freePort, serviceHome } from '../support/binary-service.ts'
import { diagnose } from '../support/doctor.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import { hang, json, scriptedServer, type Answer, type Wire } from '../support/scripted-server.ts'

allowRealTime()

const ASYNC = { prefer: 'respond-async' }

test.skipIf(!hasPostgres)(
  `the nodes go on where the one service has stopped${withPostgres}`,
  async () => {
    await using db = await createDatabase()
    let answer: Answer = hang
    await using droplet = scriptedServer(json({ fine: true }))
    await using slow = scriptedServer((wire: Wire) => answer(wire))
    using home = serviceHome({ echo: droplet.url, slow: slow.url })

    const before = await home.start()
    const done = await before.submit({}, { 'idempotency-key': 'done' })
    const headers = { authorization: 'Bearer kept' }
    const { json: waits } = await before.submit({ droplet_name: 'slow', headers }, ASYNC)
    void before.submit({ droplet_name: 'slow' }, { 'idempotency-key': 'cut' }).catch(() => {})
    await eventually('both are under way', () => slow.requests.length === 2)

    const env = { ...home.env, TASK_DB: db.url, PUBLIC_URL: 'http://127.0.0.1:1', TASK_LEASE: '5' }
    const file = home.env.TASK_DB!
    const refused = await runBinary(['migrate', '--from', file], { env })
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain(`is in use by an orchestrator (process ${before.pid})`)
    before.signal('SIGKILL')
    await before.exited

    const moved = await runBinary(['migrate', '--from', file], { env })
    expect(moved).toMatchObject({ code: 0, stderr: '' })
    expect(moved.stdout).toContain('1 finished and 2 unfinished ones compared field by field: all')
    expect(existsSync(`${file}.migrate`)).toBe(false)

    answer = json({ by: 'a node' })
    const port = String(await freePort())
    await using one = await home.start({ ...env, PORT: port, NODE_NAME: 'one' })
    await using two = await home.start({ ...env, NODE_NAME: 'two' })
    const sent = await two.task(waits.task_id, ({ status }) => status === 'success')
    expect(sent.response_body).toEqual({ by: 'a node' })
    expect(slow.requests.at(-1)!.headers.authorization).toBe('Bearer kept')
    const again = await one.submit({}, { 'idempotency-key': 'done' })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(again.json.task_id).toBe(done.json.task_id)
    await eventually('the other has ended', async () => {
      const { json: list } = await one.get('/orchestrator/tasks?mode=sync&status=error')
      return list.tasks[0]?.error_message === 'interrupted by a restart'
    })
    const cut = await two.submit({ droplet_name: 'slow' }, { 'idempotency-key': 'cut' })
    expect(cut.json).toMatchObject({ status: 'success', response_body: { by: 'a node' } })

    const found = await diagnose({ ...env, PORT: port, TASK_MAX_RUNNING: '100' })
    expect(found.of('nodes')).toBe('ok: 2 nodes: one (1.1.0), two (1.1.0)')
    for (const name of ['database', 'connections', 'vacuum', 'partitions', 'clock', 'queue']) {
      expect([name, found.wrong[name]]).toEqual([name, undefined])
    }
  },
)

test.skipIf(!hasPostgres)(
  `Ctrl-C while it waits leaves nothing behind${withPostgres}`,
  async () => {
    await using db = await createDatabase()
    using home = serviceHome({})
    await (await home.start()).stop()
    const file = home.env.TASK_DB!
    // A transaction that holds the lock of the schema: another node that migrates has it.
    const held = db.query('select pg_advisory_lock(1869767528), pg_sleep(3600)').catch(() => {})
    await eventually('the lock is held', async () => {
      return (
        (await db.query("select 1 from pg_locks where locktype = 'advisory' and granted")).length >
        0
      )
    })
    await using waiting = startProcess([binaryPath(), 'migrate', '--from', file, '--to', db.url])
    await eventually('it waits', async () => {
      return (
        (await db.query("select 1 from pg_locks where locktype = 'advisory' and not granted"))
          .length > 0
      )
    })
    waiting.signal('SIGINT')
    expect(await waiting.exited).toBe(130)
    expect(waiting.stderr).toBe('Stopped; 0 tasks moved so far. Run it again to go on.\n')
    expect(existsSync(`${file}.migrate`)).toBe(false)
    await db.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'")
    await held
  },
)
