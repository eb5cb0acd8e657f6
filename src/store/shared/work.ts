/**
 * What a store that several nodes share offers besides: work that nobody owns is claimed, by one
 * of them at a time, and each node hears what the others want of its tasks.
 */
import type { ClaimedTask } from '../store.ts'

/** A task that this node owns from now on. Times by the database's clock: nodes' clocks differ. */
export interface Claim {
  readonly task: ClaimedTask
  /** Until it is due, ms; below 0: it has been due for so long. */
  readonly waitMs: number
  /** Since it was accepted, ms. */
  readonly ageMs: number
  /** Somebody has asked an owner before to cancel it, which has not. */
  readonly isCancelAsked: boolean
}

/** A node, as it said when it came. */
export interface NodeInfo {
  readonly name: string
  readonly version: string
}

export interface SeenNode extends NodeInfo {
  /** Wall clock of the database, ms. */
  readonly startedAt: number
  /** How long ago it was heard of last, ms. */
  readonly seenAgoMs: number
  /** It is the one that asks. */
  readonly isSelf: boolean
}

/** A session whose lease has run out, as it was when that was found. */
export interface DeadNode {
  readonly session: string
  readonly name: string
  /** How long ago it renewed its lease for the last time, ms. */
  readonly seenAgoMs: number
  /** Of what it owned: `asyncTasks` go on elsewhere, `syncTasks` end as interrupted. */
  readonly asyncTasks: number
  readonly syncTasks: number
}

/** What a node must do for the others. Its methods must not throw. */
export interface SharedWorkListener {
  /** There may be something to claim. */
  work(): void
  /** Somebody wants these tasks of ours to be cancelled. May be told more than once. */
  cancel(ids: readonly string[]): void
  /**
   * The lease has run out: others may own now what we owned. Resolves when nothing of it is worked
   * on here any more; only then is anything claimed again.
   */
  lost(): Promise<void>
}

export interface SharedWork {
  readonly node: NodeInfo
  /**
   * Tasks that wait and that nobody owns, as counted some seconds ago, and not much further than is
   * of use.
   */
  readonly backlog: number
  /** How long the oldest of them has been due, ms; 0: none is due. */
  readonly backlogDueMs: number
  /** One, set before anything is claimed. */
  listen(listener: SharedWorkListener): void
  /**
   * Takes up to `capacity` tasks that nobody owns and that are due within a second, the oldest due
   * first; none of the droplets `except` (their `nameKey`). Those of dead nodes are among them.
   * Besides, some whose deadline has passed, of any droplet: nothing of them is to be sent. Fewer
   * than `capacity`: there are no more now. None while the lease is not held.
   */
  claim(capacity: number, except: readonly string[]): Promise<Claim[]>
  /** Takes this one, due or not. null: somebody owns it, or it is not unfinished. */
  take(id: string): Promise<Claim | null>
  /** Gives back tasks of ours of which nothing is under way: anybody may claim them when due. */
  release(ids: readonly string[]): Promise<void>
  /** Asks whoever owns the task to cancel it. False: nobody owns it, or it is not unfinished. */
  askToCancel(id: string): Promise<boolean>
  /** Which of these have ended, or are not there. */
  ended(ids: readonly string[]): Promise<string[]>
  /** Those that are alive, by name. */
  nodes(): Promise<SeenNode[]>
}
