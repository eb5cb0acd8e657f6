/** Commits to the journal, and brings it to the tables: at once, later, or in small pieces. */
import type { JsonText } from '../../task.ts'
import { DatabaseLocked, type RefusedWrite } from '../driver.ts'
import type { Retention } from '../store.ts'
import type { Connection } from './connection.ts'
import type { FinishedCounts } from './finished-counts.ts'
import { Journal, type CheckedGroup } from './journal.ts'
import type { Entry, SecretWrite } from './lines.ts'
import { isOutOfRoom } from './reserve.ts'
import { Secrets } from './secrets.ts'
import { Tables, TRIM_STEP } from './tables.ts'

/**
 * A group with more text than this is applied at once, characters. Most of it is payloads and
 * bodies, which would be written twice: into the journal and into the table.
 */
const MAX_JOURNALED_LENGTH = 128 * 1024

/**
 * A commit that would bring the journal over so many lines, or characters, applies it: so it never
 * takes more memory, or more room for its one transaction, than these.
 */
const MAX_LINES = 4000
const MAX_LENGTH = 8 * 1024 * 1024

/** On a full disk, less room does for less; so many steps make room for the next commits. */
const SMALL_TRIM_STEP = 8
const MAX_SMALL_STEPS = 16

const HEARTBEAT_SQL = 'insert or replace into heartbeat values (1, ?)'

export class Writer {
  readonly journal: Journal
  readonly secrets: Secrets
  readonly #tables: Tables
  /**
   * The journal can't be applied, and not for a lock: until it can, no commit goes into it, and
   * no list tries it.
   */
  #isBehind = false
  /** What the tables have rejected, for people; not told yet. */
  #rejected: string[] = []

  constructor(
    private readonly connection: Connection,
    retention: Retention,
  ) {
    this.#tables = new Tables(connection, retention)
    this.journal = new Journal(connection)
    this.secrets = new Secrets(connection)
  }

  /**
   * All of the writes but those that it returns; or, when it throws, none. On a disk that is
   * full, what the log had taken is used again, and what the history has beyond its limits.
   * `lines`, `secrets`: what `packed` and `secretsOf` made of the writes.
   */
  commit(lines: JsonText, now: number, secrets: readonly SecretWrite[]): RefusedWrite[] {
    return this.#withRoom(now, () => this.#commit(lines, now, secrets))
  }

  /** On a disk with little left, each group goes to the tables at once, in a small transaction. */
  #commit(lines: JsonText, now: number, secrets: readonly SecretWrite[]): RefusedWrite[] {
    const isTight = this.connection.isDiskTight()
    if (isTight) this.#applyRowByRow()
    const { group, owners, rejected } = this.#tables.transaction((finished) => {
      // Within the transaction: look-ups on their own would take and release a lock each.
      const group = this.journal.check(lines)
      const owners = this.secrets.write(group, secrets)
      const isEmpty = group.lineCount + group.refused.length === 0
      // Something to write when nothing else is, to see whether the disk takes it again.
      if (isEmpty) this.connection.run(HEARTBEAT_SQL, now)
      if (isTight || isEmpty || !this.#mayStayInJournal(group)) {
        return {
          group,
          owners,
          rejected: this.#applyWith(this.journal.mergedWith(group), finished),
        }
      }
      this.journal.writeRow(group)
      return { group, owners, rejected: null }
    })
    this.secrets.remember(owners)
    if (rejected) this.#applied(rejected)
    else this.journal.remember(group)
    return group.refused
  }

  /**
   * A task that runs again may not: until that is applied, its row looks finished, and could be
   * trimmed.
   */
  #mayStayInJournal({ text, lineCount, hasResume }: CheckedGroup): boolean {
    if (hasResume || text.length > MAX_JOURNALED_LENGTH || this.#isBehind) return false
    const journal = this.journal
    return journal.lineCount + lineCount <= MAX_LINES && journal.textLength <= MAX_LENGTH
  }

  /**
   * Applies the journal to the tables. Throws, and has applied nothing, as a commit does. Returns
   * what the tables have rejected since the last call, for people: it is not in the history.
   */
  catchUp(now: number): string[] {
    this.#withRoom(now, () => this.#apply())
    return this.#rejected.splice(0)
  }

  #apply(): void {
    if (this.journal.lineCount === 0) return
    try {
      if (this.connection.isDiskTight()) this.#applyRowByRow()
      else this.#applyAtOnce()
    } catch (error) {
      this.#isBehind = !(error instanceof DatabaseLocked)
      throw error
    }
  }

  #applyAtOnce(): void {
    const { entries } = this.journal
    this.#applied(this.#tables.transaction((finished) => this.#applyWith(entries, finished)))
  }

  /** As if each commit had gone to the tables itself. */
  #applyRowByRow(): void {
    if (this.journal.lineCount === 0) return
    const rows = this.journal.rows()
    this.journal.forget()
    try {
      for (const { n, lines } of rows) {
        const rejected = this.#tables.transaction((finished) => {
          this.journal.deleteRow(n)
          return this.#tables.apply(this.journal.check(lines).entries, finished)
        })
        this.#reject(rejected)
      }
    } finally {
      this.journal.reread()
    }
    this.#isBehind = false
  }

  #applyWith(entries: ReadonlyMap<string, Entry>, finished: FinishedCounts): string[] {
    this.journal.deleteRows()
    return this.#tables.apply(entries, finished)
  }

  #applied(rejected: readonly string[]): void {
    this.#reject(rejected)
    this.journal.forget()
    this.#isBehind = false
  }

  #reject(errors: readonly string[]): void {
    this.#rejected.push(...errors)
    // A task that is not in the tables has no end.
    if (errors.length > 0) this.secrets.lookThrough()
  }

  /**
   * What can't be applied stays in the journal, where nothing is lost: `catchUp` tries again and
   * tells why. Returns whether that is for a lock. `now`: as of `commit`; null: it is not worth
   * another try where the last one failed, nor that tasks are forgotten for it.
   */
  applyIfPossible(now: number | null = null): { isLocked: boolean } {
    if (this.#isBehind && now === null) return { isLocked: false }
    try {
      this.#withRoom(now, () => this.#apply())
      return { isLocked: false }
    } catch (error) {
      return { isLocked: error instanceof DatabaseLocked }
    }
  }

  /** `now`: the wall clock, ms; null when it is not known, and then no task is deleted for it. */
  #withRoom<T>(now: number | null, work: () => T): T {
    try {
      return work()
    } catch (error) {
      const isFreed = isOutOfRoom(error) && this.connection.freeSpace()
      const isForgotten = isOutOfRoom(error) && now !== null && this.#forgetForRoom(now)
      if (!isFreed && !isForgotten) throw error
    }
    return work()
  }

  /** The reserve is there to forget what is over the limits: more tasks would only eat it up. */
  #forgetForRoom(now: number): boolean {
    if (!this.#tables.isOverLimits(now) || !this.connection.reserve?.giveUp()) return false
    for (let steps = 0; steps < MAX_SMALL_STEPS && this.#trim(now, SMALL_TRIM_STEP);) steps++
    this.connection.freeSpace()
    return true
  }

  /**
   * Forgets a step's worth of what is over the limits; true when there may be more. Also what the
   * log still has of secrets.
   */
  trim(now: number): boolean {
    // Trimming does not need that, and may make the room for it.
    this.applyIfPossible(now)
    const mayBeMore = this.#withRoom(now, () => this.#trim(now, TRIM_STEP))
    if (!mayBeMore) this.connection.reserve?.keep()
    this.secrets.clean(this.journal.lineCount === 0)
    return mayBeMore
  }

  #trim(now: number, max: number): boolean {
    if (!this.#tables.isOverLimits(now)) return false
    this.#tables.trim(now, max)
    return true
  }
}
