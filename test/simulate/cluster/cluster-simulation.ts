/** Several nodes with the real service, which share a simulated database: one seed decides everything. */
import { SHARED_CHECKERS } from '../check/cluster-checkers.ts'
import { Checkers } from '../check/checkers.ts'
import { DatabaseServer } from '../database/database-server.ts'
import { Notifications } from '../database/notifications.ts'
import { createDroplets } from '../environment/sim-droplet.ts'
import { SimMesh } from '../environment/sim-mesh.ts'
import { SimRegistry } from '../environment/sim-registry.ts'
import { CrashPoints } from '../faults/crash-points.ts'
import { FaultInjector } from '../faults/fault-injector.ts'
import { LeaseModels } from '../model/lease-models.ts'
import { Model } from '../model/model.ts'
import { NewIds } from '../service/new-ids.ts'
import type { PlantedBugs } from '../service/planted-bugs.ts'
import { randomMeshRules, randomRetention } from '../service/random-config.ts'
import type { SimProcess } from '../service/sim-process.ts'
import { SETTLE_MS } from '../simulation.ts'
import { runUntil } from '../world/run-until.ts'
import { World } from '../world/world.ts'
import { Callers } from '../workload/callers.ts'
import { Workload } from '../workload/workload.ts'
import { ClusterFaults } from './cluster-faults.ts'
import { ClusterObserver } from './cluster-observer.ts'
import type { Cluster } from './cluster.ts'
import { SimNode } from './sim-node.ts'

const HOUR_MS = 3_600_000
const WATCH_EVERY_MS = 3000
const AUDIT_EVERY_MS = 600_000
const LEASE_MS = 30_000
/** How much faster or slower monotonic clocks go. */
const MAX_SKEW = 0.0002

export class ClusterSimulation {
  readonly world: World
  /** Of what holds for all nodes together. */
  readonly checkers: Checkers
  readonly #nodes: SimNode[]
  readonly #model: Model
  readonly #faults: readonly { end(): void }[]

  constructor(
    seed: number,
    readonly hours: number,
    readonly nodes: number,
    bugs: PlantedBugs = {},
  ) {
    const world = (this.world = new World(seed, MAX_SKEW))
    const droplets = createDroplets()
    const random = world.random.fork('service')
    const retention = randomRetention(random)
    const rules = randomMeshRules(random)
    const leases = new LeaseModels(world, LEASE_MS)
    const model = (this.#model = new Model(world, droplets, null, leases))
    const checkers = (this.checkers = new Checkers(world))
    const ofAll: SimNode[] = (this.#nodes = [])
    const placeOf = ({ node }: SimProcess) => ofAll.find(({ name }) => name === node)!
    const observerOf = (process: SimProcess) => placeOf(process).observer
    const observer = new ClusterObserver(world, {
      tasks: model.tasks,
      leases,
      checkers,
      observerOf,
    })
    const crashPoints = new CrashPoints((point, process) =>
      placeOf(process).supervisor.crash(point),
    )
    const server = new DatabaseServer(world, retention, observer)
    bugs.tables?.(server.tables, server)
    const database = { server, crashPoints, notifications: new Notifications(world), observer }
    const cluster = { nodes: ofAll, nodeOf: nodeOf(ofAll), leases, model, checkers, database }
    const registry = new SimRegistry(world, droplets)
    const mesh = new SimMesh(world, droplets, registry, observer, crashPoints)
    const context = { world, registry, droplets, retention, rules, cluster }
    const shared = { ...context, mesh, newIds: new NewIds(), bugs }
    for (let n = 1; n <= nodes; n++) ofAll.push(new SimNode(world, `node-${n}`, shared))
    checkers.add(SHARED_CHECKERS, { ...context, model, disk: ofAll[0]!.store, sqlite: null })
    this.#faults = this.#disturb({ droplets, crashPoints, server })
  }

  #disturb({
    droplets,
    crashPoints,
    server,
  }: Pick<ConstructorParameters<typeof FaultInjector>[1], 'droplets' | 'crashPoints'> & {
    server: DatabaseServer
  }) {
    const { world } = this
    const nodes = this.#nodes
    const random = world.random.fork('callers')
    const callers = new Callers(world, {
      tasks: this.#model.tasks,
      pick() {
        const called = nodes.map((node) => node.called).filter((each) => each !== null)
        return called.length === 0 ? null : random.pick(called)
      },
    })
    const workload = new Workload(world, callers, this.#model.tasks, droplets)
    const act = () => workload.act()
    return [
      new FaultInjector(world, {
        ...{ droplets, registry: null, disk: null, crashPoints, act },
        submitTo: (name) => workload.submitTo(name),
        rush: (name, spanMs, count) => workload.rush(name, spanMs, count),
        crash: (reason) => random.pick(nodes).supervisor.crash(reason),
        stop: () => random.pick(nodes).supervisor.stop(),
        jumpWallClock() {},
      }),
      new ClusterFaults(world, { nodes, server, crashPoints, act }),
    ]
  }

  /** How often each checker was asked, of all nodes together. */
  get runs(): ReadonlyMap<string, number> {
    const runs = new Map(this.checkers.runs)
    for (const { checkers } of this.#nodes) {
      for (const [name, count] of checkers.runs) runs.set(name, (runs.get(name) ?? 0) + count)
    }
    return runs
  }

  /** To the end, or to the first violation. */
  async run(): Promise<void> {
    const { world, checkers } = this
    const unhandled = (error: unknown) => {
      const text = error instanceof Error ? error.stack : String(error)
      this.#nodes[0]!.checkers.emit('unexpectedError', { text: `unhandled rejection: ${text}` })
    }
    process.on('unhandledRejection', unhandled)
    try {
      for (const { supervisor } of this.#nodes) supervisor.start()
      world.every(WATCH_EVERY_MS, () => {
        for (const node of this.#nodes) node.watch()
        checkers.emit('watchAll', {})
      })
      world.every(AUDIT_EVERY_MS, () => {
        checkers.emit('audit', {})
        this.#model.tasks.forgetUnwritten()
      })
      await this.#runUntil(this.hours * HOUR_MS, () => false)
      if (!world.violation) await this.#settle()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  }

  async #settle(): Promise<void> {
    const { world, checkers } = this
    for (const faults of this.#faults) faults.end()
    const isSettled = () =>
      this.#model.tasks.unfinished.size === 0 &&
      this.#nodes.every(({ model }) => model.calls.openCount === 0)
    await this.#runUntil(this.hours * HOUR_MS + SETTLE_MS, isSettled)
    if (world.violation) return
    for (const node of this.#nodes) node.checkers.emitHere('settled', {})
    checkers.emit('settled', {})
    checkers.emit('audit', {})
  }

  #runUntil(end: number, isDone: () => boolean): Promise<void> {
    return runUntil(this.world, end, (eventsAtThisMoment) => {
      const event = { eventsAtThisMoment }
      for (const { checkers } of this.#nodes) checkers.emitHere('stepped', event)
      this.checkers.emit('stepped', event)
      return this.world.violation !== null || isDone()
    })
  }
}

function nodeOf(nodes: readonly SimNode[]): Cluster['nodeOf'] {
  return (of) => {
    const number = 'number' in of ? of.number : of.process
    const isOn = ({ supervisor: { process } }: SimNode) =>
      process?.alive && process.number === number
    return nodes.find(isOn) ?? null
  }
}
