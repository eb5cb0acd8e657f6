/** Starts the service's process, crashes it, stops it, and starts it again. */
import type { Clock, Log } from '../../../src/ports.ts'
import type { StoreDriver } from '../../../src/store/driver.ts'
import { memoryCache } from '../../support/memory-cache.ts'
import type { Checkers } from '../check/checkers.ts'
import type { SimMesh } from '../environment/sim-mesh.ts'
import type { Model } from '../model/model.ts'
import type { GateWatch } from '../gate-watch.ts'
import type { Observer } from '../observer.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import type { Config } from '../../../src/config/config.ts'
import { randomConfig, type MeshRules } from './random-config.ts'
import { observedGate } from './observed-gate.ts'
import { createService, type Service, type SimulatedPorts } from './service.ts'
import { withBugs, type PlantedBugs } from './planted-bugs.ts'
import { newProcess, type SimProcess } from './sim-process.ts'
import type { SimStore } from './sim-store.ts'
import type { NewIds } from './new-ids.ts'

export interface RunningService {
  readonly process: SimProcess
  readonly service: Service
}

export interface Surroundings {
  /** Where it runs: its name, and its wall clock, ms. */
  place: Pick<SimProcess, 'node' | 'wall'>
  random: Prng
  rules: MeshRules
  store: SimStore
  clock(process: SimProcess): Clock
  newIds: NewIds
  /** Messages of errors that are in order. */
  expectedErrors: RegExp
  mesh: SimMesh
  model: Model
  observer: Observer
  gateWatch: GateWatch
  checkers: Checkers
  bugs: PlantedBugs
}

/**
 * What is logged when the disk or the Registry is disturbed. A request that fails is answered so, and judged by
 * `no-unexpected-errors` there.
 */
export const EXPECTED_ERRORS =
  /^(the store cannot be (written|read|closed)|the latest steps of some tasks were not written|a request failed|an interrupted task cannot be recorded|(there is no list of droplets|the list of droplets has expired): no task can be routed)/

type OpenedPorts = Pick<SimulatedPorts, 'clock' | 'log'> & { readonly driver: StoreDriver }

export class Supervisor {
  readonly #cache = memoryCache()
  #running: RunningService | null = null
  #process: SimProcess | null = null

  constructor(
    private readonly world: World,
    private readonly surroundings: Surroundings,
  ) {}

  /** The one that runs or, perhaps, ran last. */
  get process(): SimProcess | null {
    return this.#process
  }

  /** Null while callers can't reach the service. */
  get serving(): RunningService | null {
    return this.#running?.process.serving ? this.#running : null
  }

  start(): void {
    const { world } = this
    const { random, model, rules, place, newIds, store } = this.surroundings
    const config = randomConfig(random, rules)
    const process = newProcess(newIds.process(), config, world.now, place)
    this.#process = process
    world.log(`process ${process.number} starts, ${process.concurrency} slots`)
    world.count('processes')
    model.startProcess(process)
    const ports = { clock: this.surroundings.clock(process), log: this.#log(process) }
    const driver = store.driver(process, ports)
    if (!(driver instanceof Promise)) return this.#serve(process, config, { ...ports, driver })
    driver.then(
      (opened) => this.#serve(process, config, { ...ports, driver: opened }),
      (error: unknown) => this.#fail(process, error),
    )
  }

  #serve(process: SimProcess, config: Config, opened: OpenedPorts): void {
    if (!process.alive) return
    const { world } = this
    const { bugs, gateWatch, checkers } = this.surroundings
    const ports = withBugs(this.#ports(process, opened), bugs, world)
    const service = createService(
      config,
      ports,
      (own) => observedGate(bugs.gate?.(own, world) ?? own, process, gateWatch),
      (taskId) => process.alive && checkers.emit('endTold', { taskId, process }),
    )
    this.#running = { process, service }
    service.start().then(
      () => {
        if (!process.alive) return
        Object.assign(process, { serving: true, servingSince: world.now })
        world.log(`process ${process.number} serves`)
      },
      (error: unknown) => this.#fail(process, error),
    )
  }

  #fail(process: SimProcess, error: unknown): void {
    if (process.alive) this.crash(`it cannot start: ${String(error)}`)
  }

  crash(reason: string): void {
    const process = this.#process
    if (!process?.alive) return
    this.world.log(`process ${process.number} crashes: ${reason}`)
    this.world.count('crashes')
    this.#end(process)
  }

  /** A graceful stop. */
  stop(): void {
    const running = this.serving
    if (!running || running.process.draining) return
    const { process, service } = running
    const { world } = this
    const { store, checkers } = this.surroundings
    world.log(`process ${process.number} is asked to stop`)
    world.count('graceful stops')
    Object.assign(process, { draining: true, drainingSince: world.now })
    const wasHealthy = store.disturbedUntil < world.now
    void service.stop().then(() => {
      if (!process.alive) return
      world.log(`process ${process.number} has stopped`)
      if (wasHealthy && store.disturbedUntil < world.now) checkers.emit('stopped', { process })
      this.#end(process)
    })
  }

  #end(process: SimProcess): void {
    const { mesh, model, random } = this.surroundings
    Object.assign(process, { alive: false, serving: false })
    mesh.crash(process)
    model.endProcess(process)
    this.world.after(random.pick([50, 1000, 10_000, 90_000]), () => this.start())
  }

  #ports(process: SimProcess, opened: OpenedPorts): SimulatedPorts {
    const { mesh } = this.surroundings
    return {
      ...opened,
      fetch: mesh.fetch(process),
      resolve: mesh.resolve(process),
      cache: this.#cache,
      newId: () => this.#newId(process),
    }
  }

  #newId(process: SimProcess): string {
    const id = this.surroundings.newIds.task()
    if (process.alive) this.surroundings.observer.idIssued(id, process)
    return id
  }

  #log(process: SimProcess): Log {
    const ignore = () => {}
    const { gateWatch, expectedErrors, observer } = this.surroundings
    const info = (message: string, fields: Record<string, unknown> = {}) => {
      if (!process.alive) return
      const droplet = String(fields['droplet'])
      if (message === 'a circuit has opened') gateWatch.circuitOpened(process, droplet)
      if (message === 'a circuit has closed') gateWatch.circuitClosed(process, droplet)
    }
    const error = (message: string, fields: Record<string, unknown> = {}) => {
      if (!process.alive || expectedErrors.test(message)) return
      const taskId = (fields['task_id'] ?? null) as string | null
      observer.unexpectedError(`it logs: ${message}`, taskId)
    }
    return { enabled: () => true, debug: ignore, info, warning: ignore, error }
  }
}
