/** Once nothing is disturbed any more, every accepted task ends. */
import type { Checker, Context } from '../check/checker.ts'

export function everyTaskEnds({ model }: Context): Checker {
  return {
    settled: () =>
      [...model.tasks.unfinished].map(({ id }) => ({ text: 'it never ends', taskId: id })),
  }
}
