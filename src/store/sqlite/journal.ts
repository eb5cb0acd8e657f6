/**
 * What is committed and not in the tables yet. Each commit adds one row to the table `journal`;
 * here is the same in memory, a task's later lines laid over its earlier ones, so that a short
 * task is one row of the tables, written once, with its indexes.
 */
import { nameKey } from '../../droplets/droplet.ts'
import { INTERRUPTED, isFinished, type JsonText } from '../../task.ts'
import type { RefusedWrite } from '../driver.ts'
import type { Connection } from './connection.ts'
import {
  entryOf,
  faultOf,
  keyOf,
  stateOf,
  unpacked,
  type Entry,
  type Line,
  type RowState,
} from './lines.ts'
import { JOURNAL_FORMAT } from './rows.ts'

/** What a group of writes makes of the tasks, as far as it may be written. */
export interface CheckedGroup {
  readonly entries: ReadonlyMap<string, Entry>
  /** The lines as they go into the journal. */
  readonly text: JsonText
  readonly lineCount: number
  /** Whether a task runs again. */
  readonly hasResume: boolean
  readonly refused: RefusedWrite[]
}

const ADD_SQL = `insert into journal (format, lines) values (${JOURNAL_FORMAT}, ?)`
const READ_SQL = 'select n, format, lines from journal order by n'
const CLEAR_SQL = 'delete from journal'
const DELETE_SQL = 'delete from journal where n = ?'
// Not droplet_key: a column behind the payload costs as many reads as that has pages. So does
// error_message where it is not null, which it mostly is.
const STATE_SQL = 'select droplet_name, status, error_message from tasks where id = ?'
const KEY_SQL = 'select 1 from tasks where idempotency_key = ?'

export class Journal {
  #entries = new Map<string, Entry>()
  /** The ids of the new tasks that have an Idempotency-Key, by that. */
  readonly #keys = new Map<string, string>()
  #lineCount = 0
  #textLength = 0

  /** Reads what an earlier process left. Throws, with a message for people, what it can't read. */
  constructor(private readonly connection: Connection) {
    this.reread()
  }

  /** As the table has it now. */
  reread(): void {
    this.forget()
    for (const { lines } of this.rows()) this.remember(this.#checkStored(lines))
  }

  /** Each commit that is in it, the oldest first. */
  rows(): { n: number; lines: JsonText }[] {
    return this.connection.all(READ_SQL).map(({ n, format, lines }) => {
      if (format !== JOURNAL_FORMAT) throw new Error(`damaged: a journal of format ${format}`)
      return { n: n as number, lines: lines as JsonText }
    })
  }

  /** How many lines there are. */
  get lineCount(): number {
    return this.#lineCount
  }

  /** How much text they are, characters. */
  get textLength(): number {
    return this.#textLength
  }

  /** In the order of their first lines. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id)
  }

  idOfKey(idempotencyKey: string): string | undefined {
    return this.#keys.get(idempotencyKey)
  }

  /** The entries as they are with those of the group. */
  mergedWith(group: CheckedGroup): ReadonlyMap<string, Entry> {
    return new Map([...this.#entries, ...group.entries])
  }

  /** Decides about each write of a group, in order. Changes nothing. */
  check(text: JsonText): CheckedGroup {
    const lines = unpacked(text)
    const group = new Group(this, this.connection)
    const refused: RefusedWrite[] = []
    for (const [index, line] of lines.entries()) {
      const reason = group.add(line)
      if (reason !== null) refused.push({ index, reason })
    }
    const { entries, hasResume } = group
    if (refused.length === 0) return { entries, text, lineCount: lines.length, hasResume, refused }
    const isRefused = new Set(refused.map(({ index }) => index))
    const kept = lines.filter((_, index) => !isRefused.has(index))
    return { entries, text: JSON.stringify(kept), lineCount: kept.length, hasResume, refused }
  }

  #checkStored(text: JsonText): CheckedGroup {
    try {
      return this.check(text)
    } catch (error) {
      throw new Error('damaged: the journal cannot be read', { cause: error })
    }
  }

  /** Adds the group's row, within a transaction for which somebody waits. */
  writeRow({ text, lineCount }: CheckedGroup): void {
    this.connection.skipCheckpoint()
    if (lineCount > 0) this.connection.run(ADD_SQL, text)
  }

  /** Once that transaction is committed. */
  remember({ entries, lineCount, text, refused }: CheckedGroup): void {
    for (const [id, entry] of entries) {
      this.#entries.set(id, entry)
      const key = keyOf(entry)
      if (key !== null) this.#keys.set(key, id)
    }
    // What is refused at the start was written once: its row is still to be deleted.
    this.#lineCount += lineCount + refused.length
    this.#textLength += text.length
  }

  /** Within the transaction that applies all of it. */
  deleteRows(): void {
    if (this.#lineCount > 0) this.connection.run(CLEAR_SQL)
  }

  /** The same for one of them. */
  deleteRow(n: number): void {
    this.connection.run(DELETE_SQL, n)
  }

  /** Once that transaction is committed. */
  forget(): void {
    this.#entries = new Map()
    this.#keys.clear()
    this.#lineCount = 0
    this.#textLength = 0
  }
}

/** The lines of one group, over what the journal and the tables have. */
class Group {
  readonly entries = new Map<string, Entry>()
  hasResume = false
  readonly #keys = new Set<string>()

  constructor(
    private readonly journal: Journal,
    private readonly connection: Connection,
  ) {}

  /** Why the line is refused; null: it is not. */
  add(line: Line): RefusedWrite['reason'] | null {
    const error = faultOf(line)
    if (error !== null) return { error }
    const [kind, id] = line
    const latest = this.entries.get(id) ?? this.journal.get(id) ?? this.#rowState(id)
    const reason = kind === 'insert' ? this.#mayInsert(line, latest) : mayChange(kind, latest)
    if (reason !== null) return reason
    this.entries.set(id, entryOf(line, latest))
    if (kind === 'resume') this.hasResume = true
    return null
  }

  #mayInsert(
    line: Extract<Line, readonly ['insert', ...unknown[]]>,
    latest: Entry | RowState | null,
  ): RefusedWrite['reason'] | null {
    const key = keyOf({ fixed: line[2] })
    if (key !== null && this.#isTaken(key)) return 'key taken'
    if (latest) return { error: 'there is a task with its id' }
    if (key !== null) this.#keys.add(key)
    return null
  }

  #isTaken(key: string): boolean {
    if (this.#keys.has(key) || this.journal.idOfKey(key) !== undefined) return true
    return this.connection.all(KEY_SQL, key).length > 0
  }

  #rowState(id: string): RowState | null {
    const [row] = this.connection.all(STATE_SQL, id)
    if (!row) return null
    return {
      dropletKey: nameKey(row.droplet_name as string),
      status: row.status as RowState['status'],
      errorMessage: row.error_message as string | null,
    }
  }
}

/** An update, of an unfinished task only; a resume, of an interrupted one only. */
function mayChange(kind: Line[0], latest: Entry | RowState | null): 'not owned' | null {
  if (!latest) return 'not owned'
  const state = 'changing' in latest ? stateOf(latest) : latest
  const { status, errorMessage } = state
  const may =
    kind === 'update' ? !isFinished(state) : status === 'error' && errorMessage === INTERRUPTED
  return may ? null : 'not owned'
}
