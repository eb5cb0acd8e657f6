/**
 * Load on several nodes over one Postgres. In each round something happens to some of them, and
 * sometimes Postgres is killed; the others go on meanwhile, and those that ended come back.
 */
import type { Service } from '../support/binary-service.ts'
import { eventually } from '../support/eventually.ts'
import { nodesOver } from '../support/nodes.ts'
import { createDatabase, startPostgres, type PostgresServer } from '../support/postgres.ts'
import { audit } from './audit.ts'
import { allFinished, countsOf, everyTask, type CrashReport } from './crash.ts'
import { crashDroplet, type Delivery } from './droplet.ts'
import { NodesLoad } from './nodes-load.ts'
import { randomFrom, type Random } from './random.ts'

/** Longer than Postgres takes to come back: a node that lives should keep what it has. */
const LEASE_MS = 4000
/** When it happens, ms after the round has begun. */
const MIN_MS = 20
const MAX_MS = 400
/** For how long the others go on, ms: usually, and when they are to take over what was left. */
const USUAL_REST_MS = 300
const LONG_REST_MS = 2.5 * LEASE_MS
/** Orders that are answered before that. A busy machine may need longer for them. */
const LEAST_ANSWERS = 10
/** Of so many rounds, one is long, and in the next one Postgres is killed, too. */
const CYCLE = 4
/** How long a node stands still, ms; and how long it may go on once it has noticed. */
const STILL_MS = 1.5 * LEASE_MS
const NOTICE_MS = 1000

/** What happens to a node: SIGKILL, SIGTERM as at an update, or a SIGSTOP for a while. */
type Fate = 'killed' | 'stopped' | 'paused'

interface Plan {
  runMs: number
  /** By the places of the nodes. */
  fates: Map<number, Fate>
  killsPostgres: boolean
  restMs: number
}

function planOf(random: Random, nodes: number, round: number): Plan {
  const runMs = random.whole(MIN_MS, MAX_MS)
  const first = random.whole(0, nodes - 1)
  const fates = new Map<number, Fate>()
  for (let place = 0; place < nodes; place++) {
    const isHit = random.chance(0.3) || place === first
    if (isHit) fates.set(place, fateOf(random))
  }
  const killsPostgres = round % CYCLE === 2
  const restMs = round % CYCLE === 1 ? LONG_REST_MS : USUAL_REST_MS
  return { runMs, fates, killsPostgres, restMs }
}

function fateOf(random: Random): Fate {
  if (random.chance(0.6)) return 'killed'
  return random.chance(0.6) ? 'stopped' : 'paused'
}

export async function crashNodes(
  rounds: number,
  nodes: number,
  seed: number,
  tell: (line: string) => void = () => {},
): Promise<CrashReport> {
  await using droplet = crashDroplet()
  await using server = await startPostgres()
  const database = await createDatabase(server)
  const env = { TASK_LEASE: String(LEASE_MS / 1000), TASK_MAX_HISTORY: '1000000' }
  await using all = nodesOver(database.url, { echo: droplet.url }, env)
  const start = (place: number) => all.start(`n${place}`)
  const services = await Promise.all(Array.from({ length: nodes }, (_, place) => start(place)))
  const load = new NodesLoad(services, seed)
  const mesh = new Crashes(services, server, load)
  const random = randomFrom(seed)

  for (let round = 0; round < rounds; round++) {
    const plan = planOf(random, nodes, round)
    const loading = load.run()
    await mesh.carryOut(plan)
    load.end()
    await loading
    await mesh.restart(plan, start)
    tell(`round ${round + 1}: ${describe(plan)}, ${load.orders.length} orders so far`)
  }

  await load.finish()
  await eventually('all is finished', () => allFinished(services[0]!))
  const left = await leftOf(database.query)
  const tasks = await everyTask(services.at(-1)!)
  const counts = { ...countsOf(load.orders, tasks), ...mesh.counts() }
  const faults = audit(load.orders, droplet.deliveries, tasks, mesh.overlaps())
  return {
    faults: [...faults, ...mesh.faults, ...left],
    rounds,
    orders: load.orders.length,
    counts,
  }
}

function describe({ fates, killsPostgres, runMs }: Plan): string {
  const nodes = [...fates].map(([place, fate]) => `n${place} ${fate}`)
  return [...nodes, ...(killsPostgres ? ['Postgres killed'] : [])].join(', ') + ` after ${runMs} ms`
}

/** Does to the nodes what the plans say, and counts it. */
class Crashes {
  readonly faults: string[] = []
  readonly #done: Record<Fate, number> = { killed: 0, stopped: 0, paused: 0 }
  #postgresKilled = 0
  /** Of nodes that have ended since. */
  readonly #leasesLost: number[] = []

  constructor(
    private readonly services: Service[],
    private readonly server: PostgresServer,
    private readonly load: NodesLoad,
  ) {}

  async carryOut({ runMs, fates, killsPostgres, restMs }: Plan): Promise<void> {
    const enough = this.load.answered + LEAST_ANSWERS
    await Bun.sleep(runMs)
    await eventually(`${LEAST_ANSWERS} answers`, () => this.load.answered >= enough)
    const ending = [...fates].map(([place, fate]) => this.#hit(place, fate))
    if (killsPostgres) {
      this.#postgresKilled++
      await this.server.kill()
      await this.server.start()
    }
    await Promise.all(ending)
    await Bun.sleep(restMs)
  }

  async #hit(place: number, fate: Fate): Promise<void> {
    const service = this.services[place]!
    this.load.down.add(place)
    this.#done[fate]++
    if (fate === 'paused') return this.#pause(service)
    service.signal(fate === 'killed' ? 'SIGKILL' : 'SIGTERM')
    const code = await service.exited
    if (fate === 'stopped' && code !== 0) this.faults.push(`n${place} was stopped, with ${code}`)
  }

  async #pause(service: Service): Promise<void> {
    service.signal('SIGSTOP')
    await Bun.sleep(STILL_MS)
    service.signal('SIGCONT')
  }

  /** Those that have ended. */
  async restart({ fates }: Plan, start: (place: number) => Promise<Service>): Promise<void> {
    for (const [place, fate] of fates) {
      if (fate === 'paused') continue
      this.#leasesLost.push(...leasesLost(this.services[place]!))
      this.services[place] = await start(place)
    }
  }

  get #allLeasesLost(): number[] {
    return [...this.#leasesLost, ...this.services.flatMap(leasesLost)]
  }

  /** Which requests may overlap, for the audit: a busy machine makes nodes stand still, too. */
  overlaps(): (delivery: Delivery) => boolean {
    const lost = this.#allLeasesLost
    return ({ from, until }) =>
      lost.some((at) => from <= at + NOTICE_MS && (until ?? Infinity) >= at - STILL_MS - LEASE_MS)
  }

  counts(): Record<string, number> {
    const fates = Object.entries(this.#done).map(([fate, times]) => [`nodes ${fate}`, times])
    return {
      ...Object.fromEntries(fates),
      'Postgres killed': this.#postgresKilled,
      'leases lost by nodes that lived': this.#allLeasesLost.length,
    }
  }
}

/** When it noticed that its tasks are others', though it had not died; by the droplet's clock. */
function leasesLost(service: Service): number[] {
  return service
    .log()
    .filter(({ msg }) => msg.startsWith('the lease of this node'))
    .map(({ time }) => Date.parse(time) - performance.timeOrigin)
}

/** What must not be left in the tables, and counts that are not those of the rows. */
async function leftOf(
  query: (text: string) => Promise<Record<string, unknown>[]>,
): Promise<string[]> {
  const [row] = await query(`select
    (select count(*) from orchestrator.live)::int4 as live,
    (select count(*) from orchestrator.secrets)::int4 as secrets,
    (select count(*) from orchestrator.history)::int4 as history,
    (select coalesce(sum(tasks), 0) from orchestrator.counts)::int4 as counted`)
  const { live, secrets, history, counted } = row as Record<string, number>
  return [
    ...(live === 0 ? [] : [`${live} unfinished tasks are left in the table`]),
    ...(secrets === 0 ? [] : [`secret headers of ${secrets} tasks are left`]),
    ...(history === counted ? [] : [`${counted} ends are counted, and ${history} are recorded`]),
  ]
}
