/** Two nodes whose Postgres is behind a real PgBouncer in transaction mode. */
import { expect, test } from 'bun:test'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime } from '../support/eventually.ts'
import { hasPgbouncer, startPgbouncer, withPgbouncer } from '../support/pgbouncer.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const skipped = withPostgres || withPgbouncer

test.skipIf(!hasPostgres || !hasPgbouncer)(
  `no connection is anybody's: tasks go on all the same${skipped}`,
  async () => {
    await using db = await createDatabase()
    await using pooler = await startPgbouncer(db.url)
    await using droplet = scriptedServer(json({ fine: true }))
    using home = serviceHome({ echo: droplet.url })
    const env = {
      TASK_DB: `${pooler.url}?prepare=false`,
      PUBLIC_URL: 'http://orchestrator.example',
    }
    await using one = await home.start({ ...env, NODE_NAME: 'one' })
    await using two = await home.start({ ...env, NODE_NAME: 'two' })

    const nodes = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? one : two))
    const answers = await Promise.all(nodes.map((node) => node.submit()))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])

    const prefer = { prefer: 'respond-async' }
    const accepted = await Promise.all(nodes.map((node) => node.submit({}, prefer)))
    const ends = await Promise.all(
      // Each is asked for at the other node: no notification tells that of the end.
      accepted.map(({ json: { task_id } }, n) =>
        nodes[n + 1 === nodes.length ? 0 : n + 1]!.get(`/orchestrator/tasks/${task_id}?wait=50`),
      ),
    )
    expect(ends.filter(({ json: { status } }) => status !== 'success')).toEqual([])
    const { json: list } = await two.get('/orchestrator/tasks?status=success')
    expect(list.total).toBe(2 * nodes.length)
    // PgBouncer opens some ahead, which nobody has had yet.
    const names = await db.query(`select distinct application_name as name from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and query <> ''`)
    for (const { name } of names) expect(['orchestrator one', 'orchestrator two']).toContain(name)
    expect(names).not.toBeEmpty()
    for (const node of [one, two]) {
      expect(node.log().filter(({ level }) => level === 'ERROR')).toEqual([])
    }
  },
)
