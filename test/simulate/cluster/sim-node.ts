/** One node: its machine's clocks, its way to the database, and the processes that run on it. */
import { NODE_CHECKERS } from '../check/cluster-checkers.ts'
import { Checkers } from '../check/checkers.ts'
import type { Context } from '../check/checker.ts'
import { NodeLink } from '../database/node-link.ts'
import { GateWatch } from '../gate-watch.ts'
import { Model } from '../model/model.ts'
import { Observer } from '../observer.ts'
import { pause, resume } from '../service/sim-process.ts'
import { EXPECTED_ERRORS, Supervisor, type Surroundings } from '../service/supervisor.ts'
import type { World } from '../world/world.ts'
import type { CalledNode } from '../workload/callers.ts'
import type { Cluster } from './cluster.ts'
import { NodeStore } from './node-store.ts'
import { NodeTime } from './node-time.ts'

/** What a node says of its way to the database, and of its lease. */
const LEASE_ERRORS = /^(the lease of this node|the database does not answer)/

type Shared = Omit<Context, 'model' | 'disk' | 'sqlite'> &
  Pick<Surroundings, 'mesh' | 'newIds' | 'bugs'> & { readonly cluster: Cluster }

export class SimNode {
  readonly time: NodeTime
  readonly link: NodeLink
  readonly model: Model
  readonly store: NodeStore
  readonly checkers: Checkers
  readonly observer: Observer
  readonly supervisor: Supervisor
  #pausedUntil = -1
  #isPaused = false

  constructor(
    private readonly world: World,
    readonly name: string,
    shared: Shared,
  ) {
    const { cluster, droplets, bugs } = shared
    const random = world.random.fork(name)
    this.time = new NodeTime(world, random.fork('time'))
    this.link = new NodeLink(world, name, random.fork('link'))
    const model = (this.model = new Model(world, droplets, cluster.model, cluster.leases))
    this.store = new NodeStore(world, {
      ...cluster.database,
      link: this.link,
      leases: cluster.leases,
      pausedUntil: () => this.pausedUntil,
      bug: (database) => bugs.database?.(database, world) ?? database,
    })
    const checkers = (this.checkers = new Checkers(world, cluster.checkers))
    const gateWatch = new GateWatch(world, model, checkers)
    const observer = (this.observer = new Observer(world, model, checkers, gateWatch))
    checkers.add(NODE_CHECKERS, { ...shared, model, disk: this.store, sqlite: null })
    this.supervisor = new Supervisor(world, {
      ...shared,
      ...{ model, observer, gateWatch, checkers, store: this.store },
      place: { node: name, wall: this.time.wall },
      random: random.fork('service'),
      clock: (process) => this.time.clockOf(process),
      expectedErrors: new RegExp(`${EXPECTED_ERRORS.source}|${LEASE_ERRORS.source}`),
    })
  }

  /** When it was last paused, simulated ms. */
  get pausedUntil(): number {
    return this.#isPaused ? this.world.now : this.#pausedUntil
  }

  /** What callers reach of it; null: nobody answers. */
  get called(): CalledNode | null {
    const running = this.supervisor.serving
    const { observer, checkers } = this
    return running && { running, observer, checkers }
  }

  /** As SIGSTOP does, and then SIGCONT. */
  pause(ms: number): void {
    const { world } = this
    const process = this.supervisor.process
    if (this.#isPaused || !process?.alive) return
    world.log(`${this.name} is paused for ${Math.round(ms)} ms`)
    world.count('pauses')
    this.#isPaused = true
    pause(process)
    world.after(ms, () => {
      world.log(`${this.name} goes on`)
      this.#isPaused = false
      this.#pausedUntil = world.now
      resume(process, world)
    })
  }

  /** Every few seconds. */
  watch(): void {
    const serving = this.supervisor.serving
    if (!serving || this.#isPaused) return
    const { process, service } = serving
    this.checkers.emit('watch', { process, report: service.report() })
  }
}
