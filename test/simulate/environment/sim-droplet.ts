/** The droplets of the simulated mesh. */
import type { Prng } from '../world/prng.ts'
import type { Outage } from './outage.ts'

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
  /** Where it is. */
  url: string
  /** Where it was, and is; nothing answers at the old ones. */
  readonly addresses: string[]
  /** When it came to where it is, simulated ms. */
  movedAt: number
  behavior: DropletBehavior
  /** Simulated ms. */
  behaviorSince: number
  /** The latest, in order; they come before its behavior. */
  readonly outages: Outage[]
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
  /** When the first list reached the service that told where it is now, simulated ms. */
  knownAt: number
}

const NAMES = ['Alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta']

export function createDroplets(): readonly SimDroplet[] {
  return NAMES.map((name) => ({
    name,
    url: urlOf(name),
    addresses: [urlOf(name)],
    movedAt: 0,
    behavior: 'healthy',
    behaviorSince: 0,
    outages: [],
    listed: true,
    active: true,
    registered: true,
    changedAt: 0,
    lost: null,
    toldAt: -1,
    knownAt: 0,
  }))
}

function urlOf(name: string): string {
  return `http://${name.toLowerCase()}.mesh/base`
}

export function setBehavior(droplet: SimDroplet, behavior: DropletBehavior, now: number): void {
  if (droplet.behavior !== behavior) Object.assign(droplet, { behavior, behaviorSince: now })
}

/** `name`: in any case. */
export function findDroplet(droplets: readonly SimDroplet[], name: string): SimDroplet | undefined {
  return droplets.find((each) => each.name.toLowerCase() === name.toLowerCase())
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
