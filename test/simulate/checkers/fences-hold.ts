/**
 * Several nodes: only who owns a task changes it, by the session and the fence that it has; a task
 * has one owner at a time, and each has a higher fence; and what its owner asks for is done.
 */
import type { Hold } from '../../../src/store/shared/database.ts'
import type { Checker, Context } from '../check/checker.ts'

interface Owned {
  readonly session: string | null
  readonly fence: number
  /** Of its owner's last write. */
  readonly step: number
}

export function fencesHold({ model }: Context): Checker {
  const leases = model.leases!
  const owners = new Map<string, Owned>()

  function writeFault(taskId: string, hold: Hold | null): string | null {
    const owned = owners.get(taskId)
    if (!owned) return 'it is changed, and was never inserted'
    if (!hold) return 'it is changed by nobody'
    if (isHeld(owned, hold) && hold.step <= owned.step) return `it is changed by an old write`
    if (isHeld(owned, hold)) owners.set(taskId, { ...owned, step: hold.step })
    return isHeld(owned, hold) ? null : `it is changed by ${text(hold)}, and is ${text(owned)}'s`
  }

  return {
    heldWrite({ taskId, kind, hold }) {
      if (kind === 'update') return writeFault(taskId!, hold)
      owners.set(taskId!, { session: null, fence: 0, step: 0 })
      return null
    },

    heldWriteRefused({ taskId, kind, hold, reason }) {
      const owned = owners.get(taskId!)
      const isOwners =
        kind === 'update' &&
        reason === 'not owned' &&
        owned &&
        isHeld(owned, hold) &&
        hold!.step > owned.step
      return isOwners ? 'its owner is refused a write' : null
    },

    ownerChanges({ taskId, session, fence }) {
      const before = owners.get(taskId!) ?? { session: null, fence: 0 }
      owners.set(taskId!, { session, fence, step: 0 })
      if (session === null) return null
      if (!leases.isAlive(session)) return `it is given to ${session}, which is dead`
      const isTaken = before.session !== null && leases.isAlive(before.session)
      if (isTaken) return `it is given to ${session}, and is ${before.session}'s`
      return fence > before.fence ? null : `it gets fence ${fence} after ${before.fence}`
    },

    written({ task, after }) {
      if (after.completed_at !== null) owners.delete(task.id)
      return null
    },

    undone({ taskId }) {
      owners.delete(taskId!)
      return null
    },
  }
}

function isHeld({ session, fence }: Owned, hold: Hold | null): boolean {
  return hold !== null && hold.session === session && hold.fence === fence
}

function text({ session, fence }: Omit<Owned, 'step'>): string {
  return `${session} with fence ${fence}`
}
