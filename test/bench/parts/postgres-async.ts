import { startDroplet, type Bench } from '../bench.ts'
import { failures, latencies } from '../burst.ts'
import { pileUp, workOff } from '../postgres/backlog.ts'
import { startNode } from '../postgres/node.ts'
import { BenchServer } from '../postgres/server.ts'
import { costs, rounds, turn } from '../postgres/turn.ts'
import { taskBody } from '../tasks.ts'

const BODY = taskBody('bench', { timeout_ms: 600_000 })

/** Asynchronous tasks of one node: how fast they are accepted, and worked off. */
export async function postgresAsync(bench: Bench): Promise<void> {
  const { quick, report } = bench
  await using server = await BenchServer.start()
  await using droplet = await startDroplet(bench)
  const database = await server.createDatabase()
  await using ours = await startNode(bench, { database, droplets: { bench: droplet } })
  const count = quick ? 2000 : 20_000
  const all = await rounds(quick ? 1 : 3, async () => {
    const accepted = await turn(server, [ours], () => pileUp(ours, { droplet, body: BODY, count }))
    const drained = await turn(server, [ours], () => workOff([ours], droplet, accepted.requests))
    return { accepted, drained }
  })
  const accepted = all.map((round) => round.accepted)
  const drained = all.map((round) => round.drained)
  const rates = (which: readonly { perSecond: number }[]) => which.map((each) => each.perSecond)
  const note = `${latencies(accepted)}; ${costs(accepted)}`
  report.addMedian('accepted, droplet paused', rates(accepted), '202/s', null, note)
  report.addMedian('worked off', rates(drained), 'tasks/s', null, costs(drained))
  report.add('refused or lost', failures(accepted), 'requests', ['<=', 0])
}
