/** What is checked where several nodes share a store: for each node, and for all of them. */
import { cancelsArrive } from '../checkers/cancels-arrive.ts'
import { refusedIsUndone } from '../checkers/refused-is-undone.ts'
import { endsOnce } from '../checkers/ends-once.ts'
import { fencesHold } from '../checkers/fences-hold.ts'
import { leasesComeBack } from '../checkers/leases-come-back.ts'
import { leasesHold } from '../checkers/leases-hold.ts'
import { noIdleNode } from '../checkers/no-idle-node.ts'
import { nothingWithoutALease } from '../checkers/nothing-without-a-lease.ts'
import { overlapsAreExcused } from '../checkers/overlaps-are-excused.ts'
import { ownersKnow } from '../checkers/owners-know.ts'
import { everyTaskEnds } from '../checkers/every-task-ends.ts'
import { noEndlessLoop } from '../checkers/no-endless-loop.ts'
import { attemptsShareATrace } from '../checkers/attempts-share-a-trace.ts'
import { oneTaskPerKey } from '../checkers/one-task-per-key.ts'
import { ALL_CHECKERS } from './all-checkers.ts'
import type { CreateChecker } from './checker.ts'

/** What holds for all nodes together, or only for a single one. */
const NOT_PER_NODE = new Set([
  'attempts-never-overlap',
  'attempts-share-a-trace',
  'every-task-ends',
  'history-is-complete',
  'no-endless-loop',
  'one-task-per-key',
  'mesh-is-known',
])

export const NODE_CHECKERS: Readonly<Record<string, CreateChecker>> = Object.fromEntries(
  Object.entries(ALL_CHECKERS).filter(([name]) => !NOT_PER_NODE.has(name)),
)

export const SHARED_CHECKERS: Readonly<Record<string, CreateChecker>> = {
  'attempts-share-a-trace': attemptsShareATrace,
  'cancels-arrive': cancelsArrive,
  'every-task-ends': everyTaskEnds,
  'no-endless-loop': noEndlessLoop,
  'one-task-per-key': oneTaskPerKey,
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
