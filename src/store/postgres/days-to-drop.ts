/** Which days of the history nobody needs any more, by what is counted. */
import { startOf } from './days.ts'

export interface DayOfCounts {
  readonly day: number
  readonly tasks: number
  /** By `mergeCounts`. */
  readonly isMerged: boolean
}

export interface DayLimits {
  readonly maxFinished: number
  readonly today: number
  /** What ended before that is too old, ms; 0: nothing is. */
  readonly cutoff: number
}

/** A day that may go, if no task of it is unfinished. */
export interface CandidateDay {
  readonly day: number
  /** All of its tasks must have ended before that, ms; 0: it must have none. */
  readonly endedBefore: number
}

/** The oldest first. */
export function daysToDrop(
  days: readonly number[],
  counts: readonly DayOfCounts[],
  { maxFinished, today, cutoff }: DayLimits,
): CandidateDay[] {
  const tasksFrom = (day: number) =>
    counts.reduce((sum, one) => (one.day < day ? sum : sum + one.tasks), 0)
  // A task may end long after the day of its id. As the newest of all, it is no needless one.
  const lately = Math.max(cutoff, startOf(today - 1))
  // Clocks differ: some node may be in yesterday.
  return days
    .filter((day) => day < today - 1)
    .flatMap((day) => {
      const newer = tasksFrom(day + 1)
      if (newer >= maxFinished) return { day, endedBefore: lately }
      if (startOf(day + 1) <= cutoff) return { day, endedBefore: cutoff }
      return tasksFrom(day) > newer ? [] : { day, endedBefore: 0 }
    })
}
