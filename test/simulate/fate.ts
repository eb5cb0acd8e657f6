/** What happens to the mesh, the disk, the clock and the service: scene after scene. */
import type { Callers } from './callers.ts'
import { randomMood, type SimDroplet } from './droplets.ts'
import type { Prng } from './prng.ts'
import type { CrashPoint } from './process.ts'
import type { SimDisk } from './sim-disk.ts'
import type { SimRegistry } from './sim-registry.ts'
import type { World } from './world.ts'

export interface Stage {
  droplets: readonly SimDroplet[]
  registry: SimRegistry
  disk: SimDisk
  callers: Callers
  crash(why: string): void
  stop(): void
  /** Before the wall clock is set. */
  beforeJump(): void
}

const SCENE_MS = 18 * 60_000
const HOUR_MS = 3_600_000
const POINTS: readonly CrashPoint[] = [
  'before the commit',
  'after the commit',
  'before the droplet sees it',
  'after the droplet saw it',
  'as the answer comes',
]

export class Fate {
  readonly #chance: Prng
  #armed: { point: CrashPoint; countdown: number } | null = null
  #over = false

  constructor(
    private readonly world: World,
    private readonly stage: Stage,
  ) {
    this.#chance = world.chance.fork('fate')
    this.#nextScene()
  }

  /** Whether the process ends here: it has then. */
  crashesAt(point: CrashPoint): boolean {
    if (this.#armed?.point !== point || --this.#armed.countdown > 0) return false
    this.#armed = null
    this.stage.crash(point)
    return true
  }

  /** No more trouble, no more work; what is broken is mended. */
  end(): void {
    this.#over = true
    this.#armed = null
    this.world.note('all is well from here on')
    for (const droplet of this.stage.droplets) {
      Object.assign(droplet, { mood: 'well', listed: true, active: true })
    }
    this.stage.registry.set('well')
    this.stage.disk.set('well')
  }

  #nextScene(): void {
    this.world.after(this.#chance.exponential(SCENE_MS), () => {
      if (this.#over) return
      this.#scene()
      this.#nextScene()
    })
  }

  #scene(): void {
    const chance = this.#chance
    const windowMs = chance.pick([200, 2000, 20_000, 120_000, 300_000])
    const within = (run: () => void, most = windowMs) =>
      this.world.after(chance.between(0, most), () => {
        if (!this.#over) run()
      })
    for (const droplet of this.stage.droplets) {
      if (chance.chance(0.5)) this.#mood(droplet)
    }
    for (let acts = chance.pick([2, 5, 12, 30]); acts > 0; acts--) {
      within(() => this.stage.callers.act())
    }
    // Some trouble comes after the work, while it waits or is tried again.
    const trouble = windowMs + 20_000
    if (chance.chance(0.2)) within(() => this.#arm(), windowMs)
    if (chance.chance(0.12)) within(() => this.stage.crash('power'), trouble)
    if (chance.chance(0.1)) within(() => this.stage.stop(), trouble)
    if (chance.chance(0.15)) within(() => this.#disk(), trouble)
    if (chance.chance(0.12)) within(() => this.#jump(), trouble)
    if (chance.chance(0.25)) within(() => this.#registry(), trouble)
    if (chance.chance(0.15)) within(() => this.#list(), trouble)
  }

  #mood(droplet: SimDroplet): void {
    droplet.mood = randomMood(this.#chance)
    this.world.note(`${droplet.name}: ${droplet.mood}`)
  }

  #arm(): void {
    this.#armed = { point: this.#chance.pick(POINTS), countdown: this.#chance.whole(1, 12) }
  }

  #disk(): void {
    const { disk } = this.stage
    disk.set(this.#chance.weighted({ slow: 2, 'takes no writes': 4, fails: 2 }))
    const ms = this.#chance.pick([300, 3000, 40_000, 600_000])
    this.world.after(ms, () => disk.set('well'))
    // Work, and a stop, are hardest then.
    const soon = () => this.#chance.between(0, Math.min(ms, 15_000))
    for (let acts = this.#chance.whole(0, 6); acts > 0; acts--) {
      this.world.after(soon(), () => !this.#over && this.stage.callers.act())
    }
    if (this.#chance.chance(0.3)) this.world.after(soon(), () => !this.#over && this.stage.stop())
  }

  #jump(): void {
    const ms = Math.round(this.#chance.between(-HOUR_MS, HOUR_MS))
    this.stage.beforeJump()
    this.world.jump(ms)
    this.world.note(`the wall clock jumps by ${ms} ms`)
  }

  #registry(): void {
    const { registry } = this.stage
    registry.set(
      this.#chance.weighted({
        slow: 2,
        empty: 3,
        down: 3,
        hanging: 2,
        failing: 1,
        garbage: 1,
        'no list': 1,
      }),
    )
    const ms = this.#chance.pick([20_000, 200_000, 1_200_000])
    this.world.after(ms, () => registry.set('well'))
  }

  /** A droplet leaves the Registry or becomes inactive, and comes back. */
  #list(): void {
    const droplet = this.#chance.pick(this.stage.droplets)
    if (this.#chance.chance(0.5)) Object.assign(droplet, { listed: false, wasUnlisted: true })
    else droplet.active = false
    this.world.note(`${droplet.name}: listed ${droplet.listed}, active ${droplet.active}`)
    const ms = this.#chance.pick([1000, 60_000, 900_000, 2 * HOUR_MS])
    this.world.after(ms, () => {
      Object.assign(droplet, { listed: true, active: true })
      this.world.note(`${droplet.name}: is back`)
    })
  }
}
