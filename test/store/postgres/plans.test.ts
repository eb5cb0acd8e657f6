/**
 * The plans that Postgres makes when its statistics say that nothing is unfinished, and keeps while
 * thousands of tasks come: each must name the rows that it wants to an index.
 */
import { describe, expect, test } from 'bun:test'
import { allowRealTime, eventually } from '../../support/eventually.ts'
import { createDatabase, hasPostgres, startPostgres, withPostgres } from '../../support/postgres.ts'
import { taskOf } from '../../support/task-states.ts'
import { queued, running } from '../../support/tasks.ts'
import { Node } from './opened.ts'

allowRealTime()

/** Each statement's plan goes to the log; without parameters, as after some uses. */
const SETTINGS = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  plan_cache_mode: 'force_generic_plan',
}

const SCAN = /(\S+ Scan(?: using \S+)?) on (live|secrets|keys|nodes)\b.*\n\s*(.*)/g

/** Scans of these tables, with what follows: mostly by what an index is asked. */
function scansIn(log: string) {
  return log.matchAll(SCAN).map(([, scan, table, next]) => ({ scan, table, next: next! }))
}

describe.skipIf(!hasPostgres)(`plans of Postgres${withPostgres}`, () => {
  test('look through no table, however empty it was', async () => {
    await using server = await startPostgres({ settings: SETTINGS })
    await using database = await createDatabase(server)
    await using node = await Node.open(database.url)
    await database.query('vacuum analyze orchestrator.live, orchestrator.secrets')
    const before = server.log.length

    const [mine, offered, other] = [running(), queued(), queued()]
    await node.commit(node.insert(mine), node.offer(offered), node.offer(other))
    await node.database.unownedDueMs()
    await node.claim(1)
    await node.claim(10, ['shut'])
    await node.take(other.id)
    await node.database.find(mine.id)
    await node.database.askToCancel(mine.id)
    await node.database.cancelled(node.session)
    await node.database.ended([mine.id])
    await node.commit(node.update({ ...taskOf('success'), id: mine.id }))
    await node.database.release([{ id: other.id, ...node.hold(2) }])
    await node.database.undo(node.session, [{ id: other.id, step: 1 }], Date.now())
    await node.database.leave(node.session)
    await eventually('the last plan', () => server.log.slice(before).includes('set owner = null'))

    const scans = [...scansIn(server.log.slice(before))]
    expect(scans.length).toBeGreaterThan(20)
    expect(scans.filter(({ scan }) => scan === 'Seq Scan').map(({ table }) => table)).toEqual([])
    const whole = scans.filter(({ next }) => !/^(Index|Recheck) Cond/.test(next))
    // The droplet that comes first, of all that have tasks: one row.
    expect(whole.map(({ scan }) => scan)).toEqual(['Only Scan using live_claim_by_droplet'])
  })
})
