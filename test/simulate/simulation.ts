/**
 * The real service in a simulated world: one seed decides everything that happens. Each event
 * runs to its end, all promises included, before the next one; then the model is asked.
 */
import { drainMicrotasks } from 'bun:jsc'
import type { Clock, Log } from '../../src/ports.ts'
import type { Engine } from '../../src/store/driver.ts'
import { memoryCache } from '../support/memory-cache.ts'
import { Audit } from './audit.ts'
import { Callers } from './callers.ts'
import { Calls } from './calls.ts'
import { Deliveries } from './deliveries.ts'
import { meshOf } from './droplets.ts'
import { Fate } from './fate.ts'
import { Ledger } from './ledger.ts'
import { Life } from './life.ts'
import type { Prng } from './prng.ts'
import type { Process } from './process.ts'
import { randomConfig, randomRetention } from './random-config.ts'
import { simClock } from './sim-clock.ts'
import { SimDisk } from './sim-disk.ts'
import { SimMesh } from './sim-mesh.ts'
import { SimRegistry } from './sim-registry.ts'
import { Slots } from './slots.ts'
import { World } from './world.ts'

/** Breaks put in on purpose, to see that they are found. */
export interface Breaks {
  engine?(engine: Engine, world: World): Engine
  clock?(clock: Clock, world: World): Clock
}

const HOUR_MS = 3_600_000
/** How long what was accepted may take once nothing is wrong: the longest delay and all retries. */
const REST_MS = 4 * HOUR_MS
const WATCH_MS = 3000
const AUDIT_MS = 600_000
const STEPS_AT_ONCE = 2000
/** More events in no time are a loop. */
const MOST_STEPS_AT_ONE_MOMENT = 20_000

const DROPLETS = ['Alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta']
const QUIET_ERRORS = /^the store (cannot|could not) be (written|read)$/

export class Simulation {
  readonly world: World
  readonly #endMs: number
  readonly #chance: Prng
  readonly #droplets = meshOf(DROPLETS)
  readonly #registry: SimRegistry
  readonly #ledger: Ledger
  readonly #deliveries: Deliveries
  readonly #slots: Slots
  readonly #calls: Calls
  readonly #disk: SimDisk
  readonly #mesh: SimMesh
  readonly #audit: Audit
  readonly #fate: Fate
  readonly #cache = memoryCache()
  readonly #door = { life: () => this.#reachable(), lastId: null as string | null }
  #life: Life | null = null
  #lives = 0
  #ids = 0

  constructor(
    seed: number,
    readonly hours: number,
    private readonly breaks: Breaks = {},
  ) {
    const world = (this.world = new World(seed))
    this.#endMs = hours * HOUR_MS
    this.#chance = world.chance.fork('lives')
    const retention = randomRetention(this.#chance)
    this.#registry = new SimRegistry(world, this.#droplets)
    this.#ledger = new Ledger(world, (id) => this.#disk.history.find(id) !== null)
    this.#deliveries = new Deliveries(world, this.#ledger)
    const names = DROPLETS.map((name) => name.toLowerCase())
    this.#slots = new Slots(world, this.#ledger, () => this.#disk, names)
    this.#disk = new SimDisk(world, retention, {
      asked: (writes) => this.#slots.asked(writes),
      durable: (process, writes) => this.#ledger.durable(process, writes),
      acknowledged: (writes) => {
        this.#ledger.acknowledged(writes)
        this.#slots.acknowledged(writes)
      },
      recovering: () => this.#ledger.recovering(),
      crashesAt: (point) => this.#fate.crashesAt(point),
    })
    this.#mesh = new SimMesh(world, this.#droplets, this.#registry, {
      sent: (...request) => this.#deliveries.sent(...request),
      ended: (sent, ending) => this.#deliveries.ended(this.#life!.process, sent, ending),
      crashesAt: (point) => this.#fate.crashesAt(point),
    })
    this.#calls = new Calls(world, this.#ledger, {
      diskTroubledUntil: () => this.#disk.troubledUntil,
      registryTroubledUntil: () => this.#registry.troubledUntil,
      droplet: (name) =>
        this.#droplets.find((each) => each.name.toLowerCase() === name.toLowerCase()),
      maxQueued: () => this.#life?.config.task.maxQueued ?? 0,
    })
    this.#audit = new Audit(world, this.#ledger, this.#disk.history, retention)
    const callers = new Callers(world, this.#ledger, this.#calls, this.#droplets, this.#door)
    this.#fate = new Fate(world, {
      droplets: this.#droplets,
      registry: this.#registry,
      disk: this.#disk,
      callers,
      crash: (why) => this.#crash(why),
      stop: () => this.#stop(),
      beforeJump: () => this.#audit.clock(),
    })
    this.#begin()
    this.#every(WATCH_MS, () => this.#watch())
    this.#every(AUDIT_MS, () => this.#audit.compare())
  }

  /** To the end, or to the first violation. */
  async run(): Promise<void> {
    const { world } = this
    const unhandled = (error: unknown) =>
      world.violate(`unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`)
    process.on('unhandledRejection', unhandled)
    try {
      await this.#until(this.#endMs, () => false)
      if (world.violation) return
      this.#fate.end()
      const rested = () => this.#ledger.unfinished.size === 0 && this.#calls.open.size === 0
      await this.#until(this.#endMs + REST_MS, rested)
      if (world.violation) return
      const [left] = this.#ledger.unfinished
      if (left) world.violate('it never ends', left.id)
      const [call] = this.#calls.open
      if (call) world.violate(`the call to ${call.kind} never ends`, call.taskId)
      this.#audit.compare()
    } finally {
      process.off('unhandledRejection', unhandled)
      this.#disk.history.close()
    }
  }

  #until(end: number, done: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Outside of any promise: draining the microtasks must be ours alone. And now and then the
    // event loop has its turn, to tell of rejections that nobody handles.
    const turn = () => {
      try {
        for (let steps = 0; steps < STEPS_AT_ONCE; steps++) {
          if (this.world.violation || !this.#step(end) || done()) return resolve()
        }
        setImmediate(turn)
      } catch (error) {
        reject(error as Error)
      }
    }
    setImmediate(turn)
    return promise
  }

  #momentSteps = 0
  #step(end: number): boolean {
    const { world } = this
    const before = world.now
    if (!world.timeline.step(end)) return false
    drainMicrotasks()
    world.step++
    this.#momentSteps = world.now === before ? this.#momentSteps + 1 : 0
    if (this.#momentSteps > MOST_STEPS_AT_ONE_MOMENT) world.violate('time stands still: a loop')
    return true
  }

  #every(ms: number, run: () => void): void {
    this.world.after(ms, () => {
      run()
      this.#every(ms, run)
    })
  }

  #reachable(): Life | null {
    return this.#life?.process.serving ? this.#life : null
  }

  #begin(): void {
    const { world, breaks } = this
    const config = randomConfig(this.#chance)
    const running: Process = {
      number: ++this.#lives,
      concurrency: config.task.concurrency,
      alive: true,
      serving: false,
      draining: false,
      servingSince: Infinity,
    }
    world.note(`process ${running.number} begins, ${running.concurrency} slots`)
    world.count('processes')
    this.#ledger.begin()
    this.#deliveries.begin()
    this.#slots.begin(running)
    const clock = simClock(world, running)
    const engine = this.#disk.engine(running)
    const life = new Life(running, config, {
      config,
      clock: breaks.clock?.(clock, world) ?? clock,
      fetch: this.#mesh.fetch(running),
      log: this.#log(running),
      engine: breaks.engine?.(engine, world) ?? engine,
      cache: this.#cache,
      newId: () => this.#newId(running),
    })
    this.#life = life
    life.start().then(
      () => {
        if (!running.alive) return
        Object.assign(running, { serving: true, servingSince: world.now })
        world.note('it serves')
      },
      (error: unknown) => this.#crash(`it cannot start: ${String(error)}`),
    )
  }

  #newId({ alive }: Process): string {
    const id = `T${++this.#ids}`
    if (alive && this.#life) this.#ledger.issue(id, this.#life.process)
    this.#door.lastId = id
    return id
  }

  #log({ alive }: Process): Log {
    const nothing = () => {}
    const error = (msg: string, fields: Record<string, unknown> = {}) => {
      if (alive && !QUIET_ERRORS.test(msg)) {
        this.world.violate(`it logs: ${msg}`, fields['task_id'] as string | null)
      }
    }
    return { debug: nothing, info: nothing, warning: nothing, error }
  }

  #crash(why: string): void {
    if (!this.#life?.process.alive) return
    this.world.note(`process ${this.#life.process.number} crashes: ${why}`)
    this.world.count('crashes')
    this.#end()
  }

  #stop(): void {
    const life = this.#reachable()
    if (!life || life.process.draining) return
    const { world } = this
    world.note('it is asked to stop')
    world.count('graceful stops')
    life.process.draining = true
    const undisturbed = this.#disk.troubledUntil < world.now
    void life.stop().then(() => {
      if (!life.process.alive) return
      world.note('it has stopped')
      if (undisturbed && this.#disk.troubledUntil < world.now) this.#checkStopped()
      this.#end()
    })
  }

  #checkStopped(): void {
    for (const { id, row } of this.#ledger.unfinished) {
      if (row?.mode === 'sync') this.world.violate('its caller was left without an answer', id)
    }
    for (const { task } of this.#deliveries.open) {
      this.world.violate('its request goes on after the stop', task.id)
    }
  }

  #end(): void {
    const { process } = this.#life!
    Object.assign(process, { alive: false, serving: false })
    this.#mesh.crash()
    for (const task of this.#ledger.tasks.values()) {
      if (task.row === null) this.#ledger.forget(task)
    }
    this.#calls.crash()
    const down = this.#chance.pick([50, 1000, 10_000, 90_000])
    this.world.after(down, () => this.#begin())
  }

  #watch(): void {
    const life = this.#life!
    const { world } = this
    if (!life.process.alive || !life.process.serving) return
    this.#slots.watch(life.process)
    this.#deliveries.watch()
    this.#calls.watch()
    if (life.process.draining || this.#disk.troubledUntil >= world.now) return
    if (world.now > this.#disk.troubledUntil + WATCH_MS) {
      world.expect(life.store.writable, 'the store does not find out that the disk is well')
    }
    if (!this.#disk.idle) return
    const { metrics, service } = life
    this.#audit.counters({ metrics, service, retries: this.#deliveries.retries })
  }
}
