/**
 * What is checked where several nodes share a store. Most of what holds for one process holds for
 * each of several nodes, and is checked for each by itself; the rest, for all of them together.
 */
import { attemptsShareATrace } from '../checkers/attempts-share-a-trace.ts'
import { cancelsArrive } from '../checkers/cancels-arrive.ts'
import { endsOnce } from '../checkers/ends-once.ts'
import { everyTaskEnds } from '../checkers/every-task-ends.ts'
import { fencesHold } from '../checkers/fences-hold.ts'
import { leasesComeBack } from '../checkers/leases-come-back.ts'
import { leasesHold } from '../checkers/leases-hold.ts'
import { noEndlessLoop } from '../checkers/no-endless-loop.ts'
import { noIdleNode } from '../checkers/no-idle-node.ts'
import { nothingWithoutALease } from '../checkers/nothing-without-a-lease.ts'
import { oneTaskPerKey } from '../checkers/one-task-per-key.ts'
import { overlapsAreExcused } from '../checkers/overlaps-are-excused.ts'
import { ownersKnow } from '../checkers/owners-know.ts'
import { refusedIsUndone } from '../checkers/refused-is-undone.ts'
import { ALL_CHECKERS } from './all-checkers.ts'
import type { CreateChecker } from './checker.ts'

/** These are only for several nodes. */
export const CLUSTER_CHECKERS: Readonly<Record<string, CreateChecker>> = {
  'cancels-arrive': cancelsArrive,
  'ends-once': endsOnce,
  'fences-hold': fencesHold,
  'leases-come-back': leasesComeBack,
  'leases-hold': leasesHold,
  'no-idle-node': noIdleNode,
  'nothing-without-a-lease': nothingWithoutALease,
  'overlaps-are-excused': overlapsAreExcused,
  'owners-know': ownersKnow,
  'refused-is-undone': refusedIsUndone,
}

/** For all nodes together. */
export const SHARED_CHECKERS: Readonly<Record<string, CreateChecker>> = {
  'attempts-share-a-trace': attemptsShareATrace,
  'every-task-ends': everyTaskEnds,
  'no-endless-loop': noEndlessLoop,
  'one-task-per-key': oneTaskPerKey,
  ...CLUSTER_CHECKERS,
}

/**
 * `overlaps-are-excused` takes the place of the first: a node that is paused can't help it. The
 * second is of what SQLite keeps. The third is of the Registry, which is left in peace here: each
 * node has its own view of it, and it is disturbed enough around one.
 */
const NOT_OF_SEVERAL = new Set(['attempts-never-overlap', 'history-is-complete', 'mesh-is-known'])

/** For each node by itself. */
export const NODE_CHECKERS: Readonly<Record<string, CreateChecker>> = Object.fromEntries(
  Object.entries(ALL_CHECKERS).filter(
    ([name]) => !NOT_OF_SEVERAL.has(name) && !(name in SHARED_CHECKERS),
  ),
)
