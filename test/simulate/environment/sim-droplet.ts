/** The droplets of the simulated mesh. */
import type { Prng } from '../world/prng.ts'

export type DropletBehavior =
  | 'healthy'
  | 'slow'
  /** It never answers. */
  | 'hanging'
  | 'failing'
  /** 503 with Retry-After. */
  | 'busy'
  | 'resetting'
  | 'refusing'
  /** Its body ends, or stops, in the middle. */
  | 'truncating'
  /** What it answers is not what it did. */
  | 'lying'
  /** Answers that are allowed and rare: redirects, binary bodies, 4xx. */
  | 'unusual'
  /** Bodies about as large as may be read, and larger. */
  | 'large'
  /** Another behavior for each request. */
  | 'mixed'

export interface SimDroplet {
  readonly name: string
  readonly url: string
  behavior: DropletBehavior
  /** False: somebody took it off the Registry's list. */
  listed: boolean
  active: boolean
  /** False: the Registry has restarted, and it has not registered again yet. */
  registered: boolean
  /** Since when it has been on the list, or off it, for whatever reason; simulated ms. */
  changedAt: number
  /** When the Registry lost it in a restart, and whether the service can see that it did. */
  lost: { readonly at: number; readonly isVisible: boolean } | null
  /** When a list with it last reached the service, simulated ms; -1: never. */
  toldAt: number
}

const NAMES = ['Alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta']

export function createDroplets(): readonly SimDroplet[] {
  return NAMES.map((name) => ({
    name,
    url: `http://${name.toLowerCase()}.mesh/base`,
    behavior: 'healthy',
    listed: true,
    active: true,
    registered: true,
    changedAt: 0,
    lost: null,
    toldAt: -1,
  }))
}

export function isOnList({ listed, registered }: SimDroplet): boolean {
  return listed && registered
}

/** How often a 'mixed' droplet behaves in each way. */
export const BEHAVIOR_WEIGHTS: Partial<Record<DropletBehavior, number>> = {
  healthy: 6,
  slow: 2,
  hanging: 1,
  failing: 3,
  busy: 2,
  resetting: 2,
  refusing: 1,
  truncating: 1,
  lying: 2,
  unusual: 2,
  large: 1,
}

export function randomBehavior(random: Prng): DropletBehavior {
  return random.weighted<DropletBehavior>({ ...BEHAVIOR_WEIGHTS, mixed: 5 })
}
