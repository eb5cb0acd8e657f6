/**
 * Load on several nodes over one Postgres. In each round some of them are killed, and sometimes
 * Postgres as well; the others go on meanwhile, and those that were killed come back.
 */
import { type Service } from '../support/binary-service.ts'
import { eventually } from '../support/eventually.ts'
import { nodesOver } from '../support/nodes.ts'
import { createDatabase, startPostgres, type PostgresServer } from '../support/postgres.ts'
import { audit } from './audit.ts'
import { allFinished, countsOf, everyTask, type CrashReport } from './crash.ts'
import { crashDroplet } from './droplet.ts'
import { newOrder, send, type Order } from './load.ts'
import { randomFrom, type Random } from './random.ts'

const CALLERS = 16
/** Longer than Postgres takes to come back: a node that lives should keep what it has. */
const LEASE_S = 4
/** When nodes are killed, ms after the round has begun. */
const MIN_MS = 20
const MAX_MS = 400
/** For how long the others go on, ms: usually, and when they are to take over what was left. */
const USUAL_REST_MS = 300
const LONG_REST_MS = 2.5 * LEASE_S * 1000
/** Orders that are answered before somebody is killed. A busy machine may need longer for them. */
const LEAST_ANSWERS = 10
/** A caller that was told nothing, or to come later, does so. */
const PAUSE_MS = 50
/** In each round of so many Postgres is killed, too; first in the third. */
const POSTGRES_EVERY = 4

/** What a round does. */
interface Plan {
  runMs: number
  /** By their places. */
  killed: Set<number>
  killsPostgres: boolean
  restMs: number
}

function planOf(random: Random, nodes: number, round: number): Plan {
  const runMs = random.whole(MIN_MS, MAX_MS)
  const killed = new Set([random.whole(0, nodes - 1)])
  for (let place = 0; place < nodes; place++) if (random.chance(0.3)) killed.add(place)
  const killsPostgres = round % POSTGRES_EVERY === 2
  const restMs = random.chance(0.25) ? LONG_REST_MS : USUAL_REST_MS
  return { runMs, killed, killsPostgres, restMs }
}

export async function crashNodes(
  rounds: number,
  nodes: number,
  seed: number,
  tell: (line: string) => void = () => {},
): Promise<CrashReport> {
  const random = randomFrom(seed)
  await using droplet = crashDroplet()
  await using server = await startPostgres()
  const database = await createDatabase(server)
  const env = { TASK_LEASE: String(LEASE_S), TASK_MAX_HISTORY: '1000000' }
  await using all = nodesOver(database.url, { echo: droplet.url }, env)
  const services = await Promise.all(Array.from({ length: nodes }, (_, n) => all.start(`n${n}`)))
  const load = new NodesLoad(services, seed)
  const lost = { leases: 0, kills: 0, postgres: 0 }

  for (let round = 0; round < rounds; round++) {
    const plan = planOf(random, nodes, round)
    const loading = load.run()
    await killInRound(plan, { services, server, load })
    load.end()
    await loading
    lost.kills += plan.killed.size
    lost.postgres += plan.killsPostgres ? 1 : 0
    for (const place of plan.killed) {
      lost.leases += leasesLost(services[place]!)
      services[place] = await all.start(`n${place}`)
    }
    const who = [...plan.killed].map((place) => `n${place}`).join(', ')
    const also = plan.killsPostgres ? ' and Postgres' : ''
    tell(`round ${round + 1}: ${who}${also} after ${plan.runMs} ms, ${load.orders.length} orders`)
  }

  await load.finish()
  await eventually('all is finished', () => allFinished(services[0]!))
  const left = await leftOf(database.query)
  for (const service of services) lost.leases += leasesLost(service)
  const tasks = await everyTask(services[nodes - 1]!)
  const counts = countsOf(load.orders, tasks)
  counts['nodes killed'] = lost.kills
  counts['Postgres killed'] = lost.postgres
  counts['leases lost by living nodes'] = lost.leases
  const faults = audit(load.orders, droplet.deliveries, tasks, lost.leases > 0)
  return { faults: [...faults, ...left], rounds, orders: load.orders.length, counts }
}

interface Round {
  services: Service[]
  server: PostgresServer
  load: NodesLoad
}

async function killInRound(plan: Plan, { services, server, load }: Round): Promise<void> {
  const enough = load.answered + LEAST_ANSWERS
  await Bun.sleep(plan.runMs)
  await eventually(`${LEAST_ANSWERS} answers`, () => load.answered >= enough)
  const killPostgres = async () => {
    if (!plan.killsPostgres) return
    await server.kill()
    await server.start()
  }
  const killed = [...plan.killed].map((place) => {
    load.down.add(place)
    services[place]!.signal('SIGKILL')
    return services[place]!.exited
  })
  await Promise.all([killPostgres(), ...killed])
  await Bun.sleep(plan.restMs)
}

/** Callers of all nodes that are up. */
class NodesLoad {
  readonly orders: Order[] = []
  /** The places of the nodes that are down. */
  readonly down = new Set<number>()
  #round = -1
  #over = false

  constructor(
    private readonly services: readonly Service[],
    private readonly seed: number,
  ) {}

  get answered(): number {
    return this.orders.filter(({ told }) => told !== 'nothing' && told !== 'refused').length
  }

  get #waiting(): Order[] {
    const isUntold = ({ told }: Order) => told === 'nothing' || told === 'refused'
    return this.orders.filter((order) => order.key !== null && isUntold(order))
  }

  /** Resolves once `end` was called and all callers have had their answers. */
  async run(): Promise<void> {
    this.#round++
    this.#over = false
    this.down.clear()
    const waiting = this.#waiting
    const call = async (caller: number) => {
      for (let turn = caller; !this.#over; turn++) {
        const service = this.#up(turn)
        const order = service && (waiting.shift() ?? this.#next())
        if (!order || !(await send(service, order, true))) await Bun.sleep(PAUSE_MS)
      }
    }
    await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)))
  }

  end(): void {
    this.#over = true
  }

  /** All callers with a key get an answer, however often they ask for it. */
  async finish(): Promise<void> {
    this.down.clear()
    await eventually('each caller with a key was answered', async () => {
      for (const [turn, order] of this.#waiting.entries()) {
        await send(this.#up(turn)!, order, true)
      }
      return this.#waiting.length === 0
    })
  }

  #up(turn: number): Service | undefined {
    const up = this.services.filter((_, place) => !this.down.has(place))
    return up[turn % up.length]
  }

  #next(): Order {
    // Each order has its own seed, because their number depends on the machine.
    const number = this.orders.length
    const order = newOrder(number, this.#round, randomFrom(this.seed * 100_003 + number))
    this.orders.push(order)
    return order
  }
}

/** How often it had to leave its tasks to others, though it had not died. */
function leasesLost(service: Service): number {
  return service.log().filter(({ msg }) => msg.startsWith('the lease of this node')).length
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
