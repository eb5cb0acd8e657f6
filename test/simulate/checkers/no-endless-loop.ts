/** Time goes on: the service doesn't keep scheduling work for the same moment. */
import type { Checker } from '../check/checker.ts'

const MAX_EVENTS_AT_ONE_MOMENT = 20_000

export function noEndlessLoop(): Checker {
  return {
    stepped: ({ eventsAtThisMoment }) =>
      eventsAtThisMoment > MAX_EVENTS_AT_ONE_MOMENT ? 'time stands still: a loop' : null,
  }
}
