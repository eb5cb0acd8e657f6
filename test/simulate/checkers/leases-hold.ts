/**
 * Several nodes: a session is declared dead only when its lease has run out, by a node that has had
 * contact with the database for a whole lease; and not within one lease of an outage, for nobody
 * could renew in it.
 */
import type { Checker, Context } from '../check/checker.ts'

/** A shorter outage keeps nobody from renewing: a lease is renewed at a third. */
const MIN_OUTAGE_MS = 15_000

export function leasesHold({ world, model, cluster }: Context): Checker {
  const leases = model.leases!
  const { leaseMs } = leases

  return {
    sessionDies({ session, how, process }) {
      const { process: owner, leaseFrom } = leases.sessions.get(session)!
      if (how === 'left') {
        return owner === process ? null : `${session} is ended by process ${process.number}`
      }
      const skewMs = world.skewMs(leaseMs)
      const ms = world.now - leaseFrom
      if (ms < leaseMs)
        return `${session} is declared dead ${Math.round(ms)} ms after it had renewed`
      const { from, until } = cluster!.database.server.lastOutage
      // What came just before it begins is still done in it.
      const end = Math.min(until, world.now)
      const sinceOutage = world.now - end
      if (end - from > MIN_OUTAGE_MS && sinceOutage < leaseMs - skewMs) {
        return `${session} is declared dead ${Math.round(sinceOutage)} ms after an outage`
      }
      return null
    },

    deadAskedFor({ process }) {
      const ms = leases.contactMs(process)
      if (ms >= leaseMs - world.skewMs(leaseMs)) return null
      return `process ${process.number} asks for dead nodes after ${Math.round(ms)} ms of contact`
    },
  }
}
