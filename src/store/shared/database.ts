/**
 * What a shared store asks of its database: short statements, none of which remembers anything of
 * who asks. `postgres/` has them as SQL; the simulator as a model of it.
 *
 * A node is a *session* in the database, with a lease that it renews. A session whose lease has
 * run out may be declared dead, which is for ever: then all that it owned is nobody's. So one row a
 * node is renewed, however many tasks it owns: renewing 10,000 rows of tasks every 10 s would cost
 * more than the tasks.
 *
 * Each new owner of a task raises its *fence* by one; a new task has 1, owned or not. Every later
 * write names the session and the fence, and changes nothing when the task has others by then.
 * All methods reject when the database can't be reached or takes nothing (`whatFailed`). Whatever
 * changes something may have been done although it rejected.
 */
import type { Task } from '../../task.ts'
import type { RefusedWrite, Write } from '../driver.ts'
import type { TaskPage, TaskQuery } from '../store.ts'
import type { Claim, DeadNode, NodeInfo, SeenNode } from './work.ts'

/** By what right a task is changed. */
export interface Hold {
  readonly session: string
  readonly fence: number
  /**
   * Orders the writes of one owner: one that was given up may arrive after those that came later.
   * Each write has a higher one than those before it. A task keeps that of its last write, and a
   * write with a lower one changes nothing; with the same it is that write once more.
   */
  readonly step: number
}

/** For an insert: who owns it from then on; null: nobody. For others: null if it is not ours. */
export interface SharedWrite {
  readonly kind: Write[0]
  readonly task: Task
  readonly hold: Hold | null
  /** How long until it may be claimed, ms; only where nobody owns it. */
  readonly waitMs: number
}

export interface FencedClaim extends Claim {
  readonly fence: number
}

/** An insert or a resume that has failed, and may have been done. */
export interface DoubtfulWrite {
  readonly id: string
  /** Of its hold; 0 where nobody was to own the task. What has another was written later. */
  readonly step: number
}

export interface SharedDatabase {
  /** Begins a session; its lease of `leaseMs` runs from now. Returns the session's id. */
  join(node: NodeInfo, leaseMs: number): Promise<string>
  /** The lease runs from now. False: the session was declared dead; nothing is renewed. */
  renew(session: string, leaseMs: number): Promise<boolean>
  /** Ends a session: all that it owned is nobody's. Also when it was declared dead before. */
  leave(session: string): Promise<void>
  /**
   * Declares sessions dead whose leases have run out; each is told to one caller alone. None is
   * declared dead for `leaseMs` after a start of the database, nor where the session that asks has
   * not renewed its own lease in the last half of it: this question may have waited for a database
   * that stood still, and the living must be able to renew first.
   */
  declareDead(session: string, leaseMs: number): Promise<DeadNode[]>
  /** Gives back up to `limit` tasks of dead sessions. Returns how many; `limit`: there may be more. */
  rescue(limit: number): Promise<number>
  /**
   * As `StoreDriver.commit`: all of the group or nothing. A write in a group may follow another of
   * the same task. `resume` takes a task out of the history that ended as INTERRUPTED, and makes
   * it the session's, as `insert` does. Of a session that is dead, what is new is nobody's; and
   * where that is synchronous and unfinished it is not written, but 'not owned'.
   */
  commit(writes: readonly SharedWrite[], now: number): Promise<RefusedWrite[]>
  /**
   * Undoes inserts and resumes of the session that were taken for failed: of those that are there
   * all the same with fence 1 or as resumed, inserts are deleted and resumes end as INTERRUPTED.
   * Tasks that have gone on since are left alone.
   */
  undo(session: string, writes: readonly DoubtfulWrite[], now: number): Promise<void>
  /** `number`: of this claim among all of the session. */
  claim(
    session: string,
    capacity: number,
    except: readonly string[],
    number: number,
  ): Promise<FencedClaim[]>
  /** `number`: as of `claim`. */
  take(session: string, id: string, number: number): Promise<FencedClaim | null>
  /** Gives back what the session has got by claims or takes of these numbers, and still owns. */
  unclaim(session: string, numbers: readonly number[]): Promise<void>
  release(holds: readonly (Hold & { readonly id: string })[]): Promise<void>
  askToCancel(id: string): Promise<boolean>
  /** Tasks of the session that somebody wants cancelled. */
  cancelled(session: string): Promise<string[]>
  ended(ids: readonly string[]): Promise<string[]>
  /** Tasks that nobody owns; it may count no further than `max`. */
  unowned(max: number): Promise<number>
  /** How long the oldest of them has been due, ms; 0: none is due. */
  unownedDueMs(): Promise<number>
  nodes(session: string): Promise<SeenNode[]>
  find(id: string): Promise<Task | null>
  findByKey(key: string): Promise<Task | null>
  list(query: TaskQuery): Promise<TaskPage | null>
  /** As `StoreDriver.trim`; also prepares what the next days need. */
  trim(now: number): Promise<boolean>
  /** Tells the other nodes. Not part of any write; may be lost, and never rejects. */
  notify(what: 'work' | 'cancel'): void
  /** Calls back when another node has told; what is told may be lost. */
  onNotify(callback: (what: 'work' | 'cancel') => void): void
  /**
   * What an error says that one of these has rejected with. `connection`: the database was not
   * reached, or has not answered; `statement`: it has answered with the error; `program`: it was
   * not asked, for that is a bug of ours.
   */
  whatFailed(error: unknown): 'connection' | 'statement' | 'program'
  close(): Promise<void>
}
