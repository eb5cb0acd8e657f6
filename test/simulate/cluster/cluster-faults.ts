/** Disturbs the nodes, their clocks, their ways to the database, and the database itself. */
import type { DatabaseServer } from '../database/database-server.ts'
import type { CrashPoints } from '../faults/crash-points.ts'
import { CRASH_POINTS } from '../faults/crash-points.ts'
import { Episodes } from '../faults/episodes.ts'
import type { Prng } from '../world/prng.ts'
import type { World } from '../world/world.ts'
import type { SimNode } from './sim-node.ts'

export interface ClusterTargets {
  readonly nodes: readonly SimNode[]
  readonly server: DatabaseServer
  readonly crashPoints: CrashPoints
  /** One call of a caller. */
  act(): void
}

const EPISODE_EVERY_MS = 6 * 60_000
const MAX_JUMP_MS = 5 * 60_000
const MAX_PAUSE_MS = 120_000

export class ClusterFaults {
  readonly #random: Prng
  readonly #episodes: Episodes

  constructor(
    private readonly world: World,
    private readonly targets: ClusterTargets,
  ) {
    this.#random = world.random.fork('cluster faults')
    this.#episodes = new Episodes(world, this.#random, EPISODE_EVERY_MS, () => this.#episode())
  }

  /** Everything is healthy again. */
  end(): void {
    const { nodes, server, crashPoints } = this.targets
    this.#episodes.end()
    crashPoints.disarm()
    server.setBehavior('healthy')
    for (const { link } of nodes) link.setBehavior('healthy')
  }

  /** Half of them have one fault alone. */
  #episode(): void {
    const random = this.#random
    const workMs = random.pick([500, 5000, 30_000, 90_000])
    for (let acts = random.pick([2, 6, 15, 30]); acts > 0; acts--) {
      this.#episodes.within(workMs, () => this.targets.act())
    }
    const faults = random.chance(0.15) ? 0 : random.chance(0.5) ? 1 : random.integer(2, 4)
    for (let n = 0; n < faults; n++) this.#episodes.within(workMs + 20_000, () => this.#fault())
  }

  #fault(): void {
    const random = this.#random
    const { crashPoints } = this.targets
    const node = random.pick(this.targets.nodes)
    const fault = random.weighted({
      crash: 5,
      'crash point': 4,
      stop: 5,
      pause: 7,
      link: 9,
      server: 7,
      clock: 4,
    })
    if (fault === 'crash') node.supervisor.crash('killed')
    else if (fault === 'crash point')
      crashPoints.arm(random.pick(CRASH_POINTS), random.integer(1, 10))
    else if (fault === 'stop') node.supervisor.stop()
    else if (fault === 'pause') node.pause(random.pick([300, 5000, 25_000, 40_000, MAX_PAUSE_MS]))
    else if (fault === 'link') this.#disturbLink(node)
    else if (fault === 'server') this.#disturbServer()
    else this.#jumpClock(node)
  }

  #disturbLink({ link }: SimNode): void {
    const random = this.#random
    link.setBehavior(random.weighted({ slow: 2, flaky: 5, refused: 3, silent: 4 }))
    const ms = random.pick([500, 5000, 20_000, 45_000, 180_000])
    this.#episodes.later(ms, () => link.setBehavior('healthy'))
    this.#workMeanwhile(ms)
  }

  #disturbServer(): void {
    const random = this.#random
    const { server } = this.targets
    server.setBehavior(random.weighted({ slow: 2, stalled: 4, 'read-only': 2, down: 5 }))
    const ms = random.pick([300, 4000, 9000, 20_000, 60_000, 240_000])
    this.#episodes.later(ms, () => server.setBehavior('healthy'))
    this.#workMeanwhile(ms)
  }

  #workMeanwhile(ms: number): void {
    for (let acts = this.#random.integer(0, 6); acts > 0; acts--) {
      this.#episodes.within(Math.min(ms, 20_000), () => this.targets.act())
    }
  }

  #jumpClock({ name, time }: SimNode): void {
    const ms = Math.round(this.#random.between(-MAX_JUMP_MS, MAX_JUMP_MS))
    this.world.log(`the wall clock of ${name} jumps by ${ms} ms`)
    this.world.count('wall clocks that jump')
    time.jump(ms)
  }
}
