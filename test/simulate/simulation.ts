/** The real service in a simulated world, put together: one seed decides everything. */
import { ALL_CHECKERS } from './check/all-checkers.ts'
import { Checkers } from './check/checkers.ts'
import { SimDisk } from './environment/sim-disk.ts'
import { simClock } from './environment/sim-clock.ts'
import { createDroplets } from './environment/sim-droplet.ts'
import { SimMesh } from './environment/sim-mesh.ts'
import { SimRegistry } from './environment/sim-registry.ts'
import { CrashPoints } from './faults/crash-points.ts'
import { FaultInjector } from './faults/fault-injector.ts'
import { GateWatch } from './gate-watch.ts'
import { Model } from './model/model.ts'
import { Observer } from './observer.ts'
import type { PlantedBugs } from './service/planted-bugs.ts'
import { randomMeshRules, randomRetention } from './service/random-config.ts'
import { NewIds } from './service/new-ids.ts'
import { EXPECTED_ERRORS, Supervisor } from './service/supervisor.ts'
import { runUntil } from './world/run-until.ts'
import { World } from './world/world.ts'
import { Callers } from './workload/callers.ts'
import { Workload } from './workload/workload.ts'

const HOUR_MS = 3_600_000
/** How long accepted tasks may take without faults: the longest delay and all retries. */
export const SETTLE_MS = 4 * HOUR_MS
const WATCH_EVERY_MS = 3000
const AUDIT_EVERY_MS = 600_000

export class Simulation {
  readonly world: World
  readonly nodes = 1
  readonly checkers: Checkers
  readonly #model: Model
  readonly #disk: SimDisk
  readonly #supervisor: Supervisor
  readonly #faults: FaultInjector

  constructor(
    seed: number,
    readonly hours: number,
    bugs: PlantedBugs = {},
  ) {
    const world = (this.world = new World(seed))
    const random = world.random.fork('service')
    const retention = randomRetention(random)
    const rules = randomMeshRules(random)
    const droplets = createDroplets()
    const model = (this.#model = new Model(world, droplets))
    const checkers = (this.checkers = new Checkers(world))
    const gateWatch = new GateWatch(world, model, checkers)
    const observer = new Observer(world, model, checkers, gateWatch)

    const crashPoints = new CrashPoints((point) => this.#supervisor.crash(point))
    const registry = new SimRegistry(world, droplets)
    const disk = (this.#disk = new SimDisk(world, retention, observer, crashPoints))
    const mesh = new SimMesh(world, droplets, registry, observer, crashPoints)
    const context = {
      ...{ world, model, disk, sqlite: disk, cluster: null },
      ...{ registry, droplets, retention, rules },
    }
    checkers.add(ALL_CHECKERS, context)

    const supervisor = (this.#supervisor = new Supervisor(world, {
      ...{ random, rules, store: disk, mesh, model, observer, gateWatch, checkers, bugs },
      place: { node: 'node', wall: () => world.wall },
      clock: (process) => simClock(world, process),
      newIds: new NewIds(),
      expectedErrors: EXPECTED_ERRORS,
    }))
    const callers = new Callers(world, {
      tasks: model.tasks,
      pick() {
        const running = supervisor.serving
        return running && { running, observer, checkers }
      },
    })
    const workload = new Workload(world, callers, model.tasks, droplets)
    this.#faults = new FaultInjector(world, {
      droplets,
      registry,
      disk,
      crashPoints,
      act: () => workload.act(),
      submitTo: (name) => workload.submitTo(name),
      rush: (name, spanMs, count) => workload.rush(name, spanMs, count),
      crash: (reason) => supervisor.crash(reason),
      stop: () => supervisor.stop(),
      jumpWallClock: (ms) => this.#jumpWallClock(ms),
    })
  }

  /** How often each checker was asked. */
  get runs(): ReadonlyMap<string, number> {
    return this.checkers.runs
  }

  /** To the end, or to the first violation. */
  async run(): Promise<void> {
    const { world, checkers } = this
    const unhandled = (error: unknown) => {
      const text = error instanceof Error ? error.stack : String(error)
      checkers.emit('unexpectedError', { text: `unhandled rejection: ${text}` })
    }
    process.on('unhandledRejection', unhandled)
    try {
      this.#supervisor.start()
      world.every(WATCH_EVERY_MS, () => this.#watch())
      world.every(AUDIT_EVERY_MS, () => checkers.emit('audit', {}))
      await this.#runUntil(this.hours * HOUR_MS, () => false)
      if (!world.violation) await this.#settle()
    } finally {
      process.off('unhandledRejection', unhandled)
      this.#disk.history.close()
    }
  }

  async #settle(): Promise<void> {
    const { world, checkers } = this
    const { tasks, calls } = this.#model
    this.#faults.end()
    const isSettled = () => tasks.unfinished.size === 0 && calls.openCount === 0
    await this.#runUntil(this.hours * HOUR_MS + SETTLE_MS, isSettled)
    if (world.violation) return
    checkers.emit('settled', {})
    checkers.emit('audit', {})
  }

  #runUntil(end: number, isDone: () => boolean): Promise<void> {
    return runUntil(this.world, end, (eventsAtThisMoment) => {
      this.checkers.emit('stepped', { eventsAtThisMoment })
      return this.world.violation !== null || isDone()
    })
  }

  #watch(): void {
    const serving = this.#supervisor.serving
    if (!serving) return
    const { process, service } = serving
    this.checkers.emit('watch', { process, report: service.report() })
  }

  #jumpWallClock(ms: number): void {
    this.checkers.emit('wallClockJumps', {})
    this.world.jumpWallClock(ms)
  }
}
