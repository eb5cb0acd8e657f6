/**
 * Disturbs the mesh, the disk, the wall clock and the process. A run is a sequence of episodes:
 * in each there is a burst of work, and some of the faults fall into it.
 */
import { comeBack, goAway, isAway, OUTAGE_KINDS } from '../environment/outage.ts'
import type { SimDisk } from '../environment/sim-disk.ts'
import { randomBehavior, setBehavior, type SimDroplet } from '../environment/sim-droplet.ts'
import type { SimRegistry } from '../environment/sim-registry.ts'
import { Episodes } from './episodes.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import { CRASH_POINTS, type CrashPoints } from './crash-points.ts'

export interface FaultTargets {
  droplets: readonly SimDroplet[]
  /** null: it is left in peace. */
  registry: SimRegistry | null
  disk: SimDisk | null
  crashPoints: CrashPoints
  /** One call of a caller. */
  act(): void
  submitTo(dropletName: string): void
  /** Many synchronous calls for one droplet. */
  rush(dropletName: string, spanMs: number, count: number): void
  crash(reason: string): void
  stop(): void
  jumpWallClock(ms: number): void
}

const EPISODE_EVERY_MS = 18 * 60_000
const HOUR_MS = 3_600_000

export class FaultInjector {
  readonly #random: Prng
  readonly #episodes: Episodes

  constructor(
    private readonly world: World,
    private readonly targets: FaultTargets,
  ) {
    this.#random = world.random.fork('faults')
    this.#episodes = new Episodes(world, this.#random, EPISODE_EVERY_MS, () => this.#episode())
  }

  /** No more faults and no more work; everything is healthy again. */
  end(): void {
    const { droplets, registry, disk, crashPoints } = this.targets
    this.#episodes.end()
    this.world.log('no more faults and no more work')
    crashPoints.disarm()
    for (const droplet of droplets) {
      comeBack(droplet, this.world.now)
      setBehavior(droplet, 'healthy', this.world.now)
      droplet.active = true
      registry?.list(droplet, true)
    }
    registry?.setBehavior('healthy')
    disk?.setBehavior('healthy')
  }

  #episode(): void {
    const random = this.#random
    const { targets } = this
    const { disk, registry } = targets
    const workMs = random.pick([200, 2000, 20_000, 120_000, 300_000])
    for (const droplet of targets.droplets) {
      if (random.chance(0.5)) this.#changeBehavior(droplet)
    }
    for (let acts = random.pick([2, 5, 12, 30]); acts > 0; acts--) {
      this.#episodes.within(workMs, () => targets.act())
    }
    if (random.chance(0.4)) this.#episodes.within(workMs, () => this.#outage())
    if (random.chance(0.2)) this.#episodes.within(workMs, () => this.#armCrashPoint())
    // Some faults come after the work, while it waits or is tried again.
    const faultMs = workMs + 20_000
    if (random.chance(0.12)) this.#episodes.within(faultMs, () => targets.crash('killed'))
    if (random.chance(0.1)) this.#episodes.within(faultMs, () => targets.stop())
    if (random.chance(0.15)) this.#episodes.within(faultMs, () => disk && this.#disturbDisk(disk))
    if (random.chance(0.12)) this.#episodes.within(faultMs, () => this.#jumpWallClock())
    if (random.chance(0.25)) {
      this.#episodes.within(faultMs, () => registry && this.#disturbRegistry(registry))
    }
    if (random.chance(0.15)) {
      this.#episodes.within(faultMs, () => registry && this.#unlistDroplet(registry))
    }
    if (random.chance(0.2)) {
      this.#episodes.within(faultMs, () => registry && this.#restartRegistry(registry))
    }
  }

  #changeBehavior(droplet: SimDroplet): void {
    setBehavior(droplet, randomBehavior(this.#random), this.world.now)
    this.world.log(`${droplet.name}: ${droplet.behavior}`)
  }

  /** A droplet goes away, and comes back: perhaps elsewhere. There is work for it all the time. */
  #outage(): void {
    const { world, targets } = this
    const random = this.#random
    const droplet = random.pick(targets.droplets)
    if (isAway(droplet)) return
    if (random.chance(0.7)) setBehavior(droplet, 'healthy', world.now)
    const ms = random.pick([1000, 2000, 2900, 2900, 10_000, 60_000, 900_000, HOUR_MS])
    const elsewhere = random.chance(0.2) && targets.registry !== null
    const rush = (spanMs: number) => {
      targets.rush(droplet.name, spanMs, random.pick([2, 5, 12, 25]))
      for (let acts = random.integer(0, 4); acts > 0; acts--) {
        this.#episodes.within(spanMs, () => targets.submitTo(droplet.name))
      }
    }
    rush(3000)
    this.#episodes.within(1000, () => {
      goAway(droplet, random.pick(OUTAGE_KINDS), world.now)
      world.log(`${droplet.name} goes away: ${droplet.outages.at(-1)!.kind}, for ${ms} ms`)
      world.count('outages')
      for (let at = ms / 2; at > 20_000; at /= 3) this.#episodes.later(at, () => rush(20_000))
      this.#episodes.later(ms, () => {
        comeBack(droplet, world.now, elsewhere)
        world.log(`${droplet.name} is back at ${droplet.url}`)
        if (elsewhere) world.count('droplets that moved')
        rush(2000)
      })
    })
  }

  #armCrashPoint(): void {
    const random = this.#random
    this.targets.crashPoints.arm(random.pick(CRASH_POINTS), random.integer(1, 12))
  }

  #disturbDisk(disk: SimDisk): void {
    const random = this.#random
    const { act, stop } = this.targets
    disk.setBehavior(random.weighted({ slow: 2, locked: 3, 'read-only': 4, failing: 2 }))
    const ms = random.pick([3, 300, 3000, 40_000, 600_000])
    this.#episodes.later(ms, () => disk.setBehavior('healthy'))
    // Work, and a stop, are hardest then.
    const soonMs = Math.min(ms, 15_000)
    for (let acts = random.integer(0, 6); acts > 0; acts--) this.#episodes.within(soonMs, act)
    if (random.chance(0.3)) this.#episodes.within(soonMs, stop)
  }

  #jumpWallClock(): void {
    const ms = Math.round(this.#random.between(-HOUR_MS, HOUR_MS))
    this.world.log(`the wall clock jumps by ${ms} ms`)
    this.targets.jumpWallClock(ms)
  }

  #disturbRegistry(registry: SimRegistry): void {
    const behavior = this.#random.weighted({
      slow: 2,
      empty: 3,
      down: 3,
      hanging: 2,
      failing: 1,
      garbage: 1,
      malformed: 1,
    })
    registry.setBehavior(behavior)
    const ms = this.#random.pick([20_000, 200_000, 1_200_000])
    this.#episodes.later(ms, () => registry.setBehavior('healthy'))
  }

  /** It fills up again droplet by droplet; then there is work for those that are not back. */
  #restartRegistry(registry: SimRegistry): void {
    const refillMs = this.#random.pick([2000, 90_000, 900_000])
    registry.restart(refillMs)
    for (let acts = this.#random.integer(0, 8); acts > 0; acts--) {
      this.#episodes.within(Math.min(refillMs, 120_000), this.targets.act)
    }
  }

  /** A droplet leaves the Registry's list or becomes inactive, and comes back. */
  #unlistDroplet(registry: SimRegistry): void {
    const droplet = this.#random.pick(this.targets.droplets)
    if (this.#random.chance(0.5)) registry.list(droplet, false)
    else droplet.active = false
    this.world.log(`${droplet.name}: listed ${droplet.listed}, active ${droplet.active}`)
    const ms = this.#random.pick([1000, 60_000, 900_000, 2 * HOUR_MS])
    this.#episodes.later(ms, () => {
      // Somebody asks for a name that nobody knows; then the droplet comes back, and is asked for.
      this.targets.submitTo('unknown')
      this.#episodes.within(1500, () => {
        droplet.active = true
        registry.list(droplet, true)
        this.world.log(`${droplet.name}: listed and active`)
        this.#episodes.within(50, () => this.targets.submitTo(droplet.name))
      })
    })
  }
}
