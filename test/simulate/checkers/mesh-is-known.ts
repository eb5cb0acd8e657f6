/**
 * Tasks go to all droplets that are listed, and to those that the Registry has lost in a restart;
 * not to those that were taken off its list.
 */
import type { SimDroplet } from '../environment/sim-droplet.ts'
import { findDroplet, isOnList } from '../environment/sim-droplet.ts'
import type { Call } from '../model/call-models.ts'
import type { Checker, Context } from '../check/checker.ts'

/** How far timers and answers are late. */
const TOLERANCE_MS = 100

export function meshIsKnown(context: Context): Checker {
  const { droplets } = context
  const find = (name: unknown) => findDroplet(droplets, String(name))
  let wallClockJumpedAt = -1
  return {
    wallClockJumps() {
      wallClockJumpedAt = context.world.now
      return null
    },
    refused({ call, code, details }) {
      if (code !== 'DROPLET_NOT_FOUND') return null
      const droplet = find(details['requested_droplet'])
      return droplet ? refusalFault(context, droplet, call, wallClockJumpedAt) : null
    },
    submitAnswered({ call, replayed }) {
      if (replayed || call.key !== null || call.body === null) return null
      const { droplet_name } = JSON.parse(call.body) as { droplet_name: string }
      const droplet = find(droplet_name)
      return droplet ? routingFault(context, droplet, call) : null
    },
  }
}

function refusalFault(
  { world, registry, rules }: Context,
  droplet: SimDroplet,
  call: Call,
  wallClockJumpedAt: number,
): string | null {
  const { name, changedAt, lost, toldAt } = droplet
  // Then the service could not ask, or was told nonsense.
  if (registry.disturbedUntil >= call.startedAt) return null
  if (isOnList(droplet)) {
    return changedAt < call.startedAt ? `${name} is listed, but the service has not found it` : null
  }
  if (!lost?.isVisible || !rules.registerSelf || toldAt < 0) return null
  // How old a list of an earlier process is, the wall clock says. An empty list that stays is
  // believed at last.
  if (Math.max(wallClockJumpedAt, registry.disturbedUntil) >= lost.at) return null
  const expiresAt = rules.cacheExpiryMs === 0 ? Infinity : lost.at + rules.cacheExpiryMs
  if (world.now >= expiresAt - TOLERANCE_MS) return null
  return `the Registry has lost ${name} in a restart, and the service dropped it too early`
}

function routingFault({ registry }: Context, droplet: SimDroplet, call: Call): string | null {
  const { name, listed, lost, changedAt, toldAt } = droplet
  if (listed || lost !== null || changedAt < toldAt) return null
  // What the service knew of the droplet was from a Registry that has not restarted since.
  if (toldAt <= Math.max(registry.restartedAt, registry.disturbedUntil)) return null
  if (registry.toldAt <= changedAt || call.startedAt <= registry.toldAt) return null
  return `${name} was taken off the list, and a later list has reached the service`
}
