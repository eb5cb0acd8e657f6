/**
 * Several nodes: an end is recorded once, and told once, however often it was asked for; and none
 * is told that is not recorded.
 */
import { hasEnded } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

export function endsOnce({ model }: Context): Checker {
  /** Of each task, how often it has ended, and how often that was told. */
  const ends = new Map<string, { recorded: number; told: number }>()
  const of = (taskId: string) => {
    const known = ends.get(taskId) ?? { recorded: 0, told: 0 }
    ends.set(taskId, known)
    return known
  }

  return {
    written({ task, before, kind }) {
      if (!hasEnded(task)) return null
      of(task.id).recorded++
      const isAgain = before?.completed_at != null && kind === 'update'
      return isAgain ? 'it ends twice' : null
    },

    endTold({ taskId }) {
      const { recorded, told } = of(taskId!)
      of(taskId!).told++
      if (told >= recorded)
        return `its end is told ${told + 1} times, and recorded ${recorded} times`
      return null
    },

    audit() {
      for (const id of ends.keys()) if (!model.tasks.find(id)) ends.delete(id)
      return null
    },
  }
}
