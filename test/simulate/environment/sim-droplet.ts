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
  listed: boolean
  active: boolean
  /** It was not in the Registry's list at some time: tasks for it may have been refused. */
  wasUnlisted: boolean
}

const NAMES = ['Alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta']

export function createDroplets(): readonly SimDroplet[] {
  return NAMES.map((name) => ({
    name,
    url: `http://${name.toLowerCase()}.mesh/base`,
    behavior: 'healthy',
    listed: true,
    active: true,
    wasUnlisted: false,
  }))
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
