/** A droplet that is away: it is restarted, it crashes, it is moved. */
import type { SimDroplet } from './sim-droplet.ts'

export interface Outage {
  /** What its callers see of it. */
  readonly kind: OutageKind
  /** Simulated ms. */
  readonly from: number
  /** Infinity: it is away now. */
  readonly until: number
}

export const OUTAGE_KINDS = ['refusing', 'hanging', 'proxied'] as const

/** `proxied`: a proxy in front of it answers 502, 503 or 504. */
export type OutageKind = (typeof OUTAGE_KINDS)[number]

/** So many are remembered. */
const MAX_REMEMBERED = 20

export function isAway({ outages }: SimDroplet): boolean {
  return outages.at(-1)?.until === Infinity
}

export function goAway(droplet: SimDroplet, kind: OutageKind, now: number): void {
  if (isAway(droplet)) return
  droplet.outages.push({ kind, from: now, until: Infinity })
  if (droplet.outages.length > MAX_REMEMBERED) droplet.outages.shift()
}

/** `elsewhere`: at an address of its own, where nobody looks before the Registry tells. */
export function comeBack(droplet: SimDroplet, now: number, elsewhere = false): void {
  const last = droplet.outages.at(-1)
  if (last?.until !== Infinity) return
  droplet.outages[droplet.outages.length - 1] = { ...last, until: now }
  if (!elsewhere) return
  const url = `http://${droplet.name.toLowerCase()}-${droplet.addresses.length}.mesh/base`
  droplet.addresses.push(url)
  Object.assign(droplet, { url, movedAt: now })
}

/** Since when it has been there and in order, simulated ms; Infinity: it is not. */
export function backSince({ outages, behavior, behaviorSince }: SimDroplet): number {
  if (behavior !== 'healthy') return Infinity
  return Math.max(behaviorSince, outages.at(-1)?.until ?? 0)
}
