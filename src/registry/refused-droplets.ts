import type { AllowList } from '../droplets/allow-list.ts'
import { SLICE, type Droplet } from '../droplets/droplet.ts'
import type { Work } from '../platform/turns.ts'

export interface Refused {
  readonly count: number
  /** The first of them, and why. */
  readonly first: string | null
}

/**
 * Which droplets may not be called, as far as their URLs tell. They stay listed: a task for one
 * is told why, and a name that leads to a forbidden address is seen only then.
 */
export function* refusedOf(
  droplets: readonly Droplet[],
  allowList: Pick<AllowList, 'host'>,
): Work<Refused> {
  let count = 0
  let first: string | null = null
  for (const [index, { name, url }] of droplets.entries()) {
    const host = allowList.host(url)
    if (host.kind === 'refused') {
      count++
      first ??= `${name}: ${host.reason}`
    }
    if ((index + 1) % SLICE === 0) yield
  }
  return { count, first }
}
