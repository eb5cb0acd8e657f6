/** Every invariant that is checked, by the name of its file in `checkers/`. */
import { abortsHaveAReason } from '../checkers/aborts-have-a-reason.ts'
import { answersAreTrue } from '../checkers/answers-are-true.ts'
import { asyncSpendsNothing } from '../checkers/async-spends-nothing.ts'
import { attemptsAreAppendOnly } from '../checkers/attempts-are-append-only.ts'
import { attemptsAreTrue } from '../checkers/attempts-are-true.ts'
import { attemptsNeverOverlap } from '../checkers/attempts-never-overlap.ts'
import { attemptsShareATrace } from '../checkers/attempts-share-a-trace.ts'
import { backoffKept } from '../checkers/backoff-kept.ts'
import { circuitsAreRight } from '../checkers/circuits-are-right.ts'
import { circuitsCloseAgain } from '../checkers/circuits-close-again.ts'
import { concurrencyLimit } from '../checkers/concurrency-limit.ts'
import { countersAreRight } from '../checkers/counters-are-right.ts'
import { deadDropletsCostNothing } from '../checkers/dead-droplets-cost-nothing.ts'
import { deadlineKept } from '../checkers/deadline-kept.ts'
import { dropletLimitKept } from '../checkers/droplet-limit-kept.ts'
import { endsForAReason } from '../checkers/ends-for-a-reason.ts'
import { everyCallIsAnswered } from '../checkers/every-call-is-answered.ts'
import { everyTaskEnds } from '../checkers/every-task-ends.ts'
import { fairSlots } from '../checkers/fair-slots.ts'
import { firstComeFirstServed } from '../checkers/first-come-first-served.ts'
import { gateWaitsAreShort } from '../checkers/gate-waits-are-short.ts'
import { historyIsComplete } from '../checkers/history-is-complete.ts'
import { meshIsKnown } from '../checkers/mesh-is-known.ts'
import { noEndlessLoop } from '../checkers/no-endless-loop.ts'
import { noLostWakeUp } from '../checkers/no-lost-wake-up.ts'
import { noUnexpectedErrors } from '../checkers/no-unexpected-errors.ts'
import { nothingLeftOpenAtStop } from '../checkers/nothing-left-open-at-stop.ts'
import { oneTaskPerKey } from '../checkers/one-task-per-key.ts'
import { outcomeIsTrue } from '../checkers/outcome-is-true.ts'
import { permitsAreGivenBack } from '../checkers/permits-are-given-back.ts'
import { probesAreSpaced } from '../checkers/probes-are-spaced.ts'
import { recordedBeforeSent } from '../checkers/recorded-before-sent.ts'
import { refusalsHaveAReason } from '../checkers/refusals-have-a-reason.ts'
import { refusedMeansNothingDone } from '../checkers/refused-means-nothing-done.ts'
import { requestMatchesTask } from '../checkers/request-matches-task.ts'
import { retriesAreAllowed } from '../checkers/retries-are-allowed.ts'
import { shortOutagesAreRiddenOut } from '../checkers/short-outages-are-ridden-out.ts'
import { storeRecovers } from '../checkers/store-recovers.ts'
import { timeLimitKept } from '../checkers/time-limit-kept.ts'
import { toldInTime } from '../checkers/told-in-time.ts'
import { totalLimitKept } from '../checkers/total-limit-kept.ts'
import { transitions } from '../checkers/transitions.ts'
import { writesAreKnown } from '../checkers/writes-are-known.ts'
import type { CreateChecker } from './checker.ts'

export const ALL_CHECKERS: Readonly<Record<string, CreateChecker>> = {
  'aborts-have-a-reason': abortsHaveAReason,
  'answers-are-true': answersAreTrue,
  'async-spends-nothing': asyncSpendsNothing,
  'attempts-are-append-only': attemptsAreAppendOnly,
  'attempts-are-true': attemptsAreTrue,
  'attempts-never-overlap': attemptsNeverOverlap,
  'attempts-share-a-trace': attemptsShareATrace,
  'backoff-kept': backoffKept,
  'circuits-are-right': circuitsAreRight,
  'circuits-close-again': circuitsCloseAgain,
  'concurrency-limit': concurrencyLimit,
  'counters-are-right': countersAreRight,
  'dead-droplets-cost-nothing': deadDropletsCostNothing,
  'deadline-kept': deadlineKept,
  'droplet-limit-kept': dropletLimitKept,
  'ends-for-a-reason': endsForAReason,
  'every-call-is-answered': everyCallIsAnswered,
  'every-task-ends': everyTaskEnds,
  'fair-slots': fairSlots,
  'first-come-first-served': firstComeFirstServed,
  'gate-waits-are-short': gateWaitsAreShort,
  'history-is-complete': historyIsComplete,
  'mesh-is-known': meshIsKnown,
  'no-endless-loop': noEndlessLoop,
  'no-lost-wake-up': noLostWakeUp,
  'no-unexpected-errors': noUnexpectedErrors,
  'nothing-left-open-at-stop': nothingLeftOpenAtStop,
  'one-task-per-key': oneTaskPerKey,
  'outcome-is-true': outcomeIsTrue,
  'permits-are-given-back': permitsAreGivenBack,
  'probes-are-spaced': probesAreSpaced,
  'recorded-before-sent': recordedBeforeSent,
  'refusals-have-a-reason': refusalsHaveAReason,
  'refused-means-nothing-done': refusedMeansNothingDone,
  'request-matches-task': requestMatchesTask,
  'retries-are-allowed': retriesAreAllowed,
  'short-outages-are-ridden-out': shortOutagesAreRiddenOut,
  'store-recovers': storeRecovers,
  'time-limit-kept': timeLimitKept,
  'told-in-time': toldInTime,
  'total-limit-kept': totalLimitKept,
  transitions,
  'writes-are-known': writesAreKnown,
}
