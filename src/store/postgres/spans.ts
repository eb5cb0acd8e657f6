/**
 * Which days a statement looks at. It locks each of them, with its indexes, and plans for each: of
 * 800 days these are 6,400 locks, as many as a server has by default for all who use it, and 0.5 s.
 * Days that are ruled out by ids in its text cost nothing; by ids that are parameters, all the same.
 */
import { dayOf, firstIdOf } from './days.ts'

/** Ids from `from` to before `to`; null: all that there are on that side. */
export interface Span {
  readonly from: string | null
  readonly to: string | null
}

export const ALL: Span = { from: null, to: null }

/**
 * Spans begin at days that this divides, so that a statement keeps its text, which is planned once,
 * for as long.
 */
const DAYS = 8
const PAGE_DAYS = [4 * DAYS, 8 * DAYS]

/** A short one that the id is in. */
export function spanOf(id: string): Span {
  const from = dayOf(id) - (dayOf(id) % DAYS)
  return { from: firstIdOf(from), to: firstIdOf(from + DAYS) }
}

/** All ids, the newest first: mostly a page is full after the first. `oldest`: a day. */
export function* spansBack(today: number, oldest: number): Generator<Span> {
  let day = today - (today % DAYS) - DAYS
  let to: string | null = null
  for (let index = 0; day > oldest; index++) {
    const from = firstIdOf(day)
    yield { from, to }
    to = from
    day -= PAGE_DAYS[index] ?? PAGE_DAYS.at(-1)!
  }
  yield { from: null, to }
}

/** Conditions of a column `id`. */
export function within({ from, to }: Span): string[] {
  return [from && `id >= '${from}'`, to && `id < '${to}'`].filter((one) => one !== null)
}

/** The same as one condition. */
export function inSpan(span: Span): string {
  return within(span).join(' and ') || 'true'
}
