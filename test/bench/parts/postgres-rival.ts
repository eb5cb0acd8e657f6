import { startDroplet, type Bench, type Service } from '../bench.ts'
import { failures, latencies } from '../burst.ts'
import type { LoadResult } from '../load.ts'
import { pileUp, workOff } from '../postgres/backlog.ts'
import { installGraphile, startGraphile } from '../postgres/graphile.ts'
import { startNode } from '../postgres/node.ts'
import { BenchServer } from '../postgres/server.ts'
import { costs, ratios, rounds, turn, type Turn } from '../postgres/turn.ts'
import { getBody } from '../tasks.ts'

/** As many as ours has by default. */
const CONCURRENCY = 64
const BODY = getBody('bench')
const OURS = 'orchestrator'
/** What it leaves undone of what ours does. */
const NOTE = 'graphile-worker deletes the job and keeps no answer'

interface Round {
  accepted: Turn<LoadResult>
  drained: Turn
}

/** One GET a job, ours beside graphile-worker's, in turns on one server. */
export async function postgresRival(bench: Bench): Promise<void> {
  const { quick } = bench
  const folder = await installGraphile(bench)
  await using server = await BenchServer.start()
  await using upstream = await startDroplet(bench)
  await using ours = await startNode(bench, {
    database: await server.createDatabase(),
    droplets: { bench: upstream },
  })
  const rival = async (tuning: 'as it comes' | 'tuned') =>
    startGraphile(bench, {
      ...{ folder, upstream, tuning, concurrency: CONCURRENCY },
      database: await server.createDatabase(),
    })
  await using plain = await rival('as it comes')
  await using tuned = await rival('tuned')
  const count = quick ? 1000 : 4000
  const once = async (service: Service): Promise<Round> => {
    const accepted = await turn(server, [service], () =>
      pileUp(service, { droplet: upstream, body: BODY, count }),
    )
    const drained = await turn(server, [service], () =>
      workOff([service], upstream, accepted.requests),
    )
    return { accepted, drained }
  }
  const all = await rounds(quick ? 1 : 3, async () => ({
    [OURS]: await once(ours),
    'graphile-worker': await once(plain),
    'graphile-worker, tuned': await once(tuned),
  }))
  tell(bench, all)
}

function tell({ report }: Bench, all: readonly Record<string, Round>[]): void {
  const names = Object.keys(all[0]!)
  for (const what of ['accepted', 'drained'] as const) {
    const of = (name: string) => all.map((round) => round[name]![what])
    for (const name of names.filter((each) => each !== OURS)) {
      report.addMedian(`${what}, times ${name}`, ratios(of(OURS), of(name)), 'x', null, NOTE)
    }
    for (const name of names) {
      const perSecond = of(name).map((each) => each.perSecond)
      report.addMedian(`${what}, ${name}`, perSecond, 'tasks/s', null, costs(of(name)))
    }
  }
  const accepted = all.flatMap((round) => Object.values(round).map((each) => each.accepted))
  report.add('accepting', failures(accepted), 'refused or lost', ['<=', 0], latencies(accepted))
}
