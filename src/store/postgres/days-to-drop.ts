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
  /** Only for its age: then none of its tasks may have ended lately. */
  readonly isOnlyOld: boolean
}

/** The oldest first. */
export function daysToDrop(
  days: readonly number[],
  counts: readonly DayOfCounts[],
  { maxFinished, today, cutoff }: DayLimits,
): CandidateDay[] {
  const tasksFrom = (day: number) =>
    counts.reduce((sum, one) => (one.day < day ? sum : sum + one.tasks), 0)
  const candidates = days.map((day) => {
    const newer = tasksFrom(day + 1)
    const isNeedless = newer >= maxFinished || tasksFrom(day) - newer <= 0
    return { day, isOnlyOld: !isNeedless, mayGo: isNeedless || startOf(day + 1) <= cutoff }
  })
  // Clocks differ: some node may be in yesterday.
  return candidates.filter(({ day, mayGo }) => mayGo && day < today - 1)
}
