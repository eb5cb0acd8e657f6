/** A task has at most one request in flight, and each has a higher number than the one before. */
import type { Checker } from '../check/checker.ts'

export function attemptsNeverOverlap(): Checker {
  return {
    sent({ request: { attempt }, previous }) {
      if (!previous) return null
      if (previous.result === null) return `attempt ${attempt} overlaps attempt ${previous.attempt}`
      return previous.attempt < attempt ? null : `attempt ${attempt} follows ${previous.attempt}`
    },
  }
}
