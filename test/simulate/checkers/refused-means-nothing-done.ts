/** A submission that is refused leaves no task, and so sends nothing. */
import type { Checker } from '../check/checker.ts'

export function refusedMeansNothingDone(): Checker {
  return {
    refused({ call, code }) {
      // Accepted, waited for, ended and forgotten, all before it was read: rare, but right.
      if (code === 'TASK_NOT_FOUND' || call.created === null) return null
      return `${call.kind} was refused, and ${call.created} is on disk`
    },
  }
}
