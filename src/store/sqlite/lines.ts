/**
 * Writes as lines: the form in which they go to the database's thread, into the journal and, laid
 * over each other, to the tables. A line has only what its write may change.
 */
import type { JsonText, TaskStatus } from '../../task.ts'
import type { Write } from '../driver.ts'
import {
  columnAt,
  PARTS,
  sqlValues,
  valuesFault,
  type PartName,
  type PartValues,
  type Row,
} from './rows.ts'

export type Line =
  | readonly ['insert', id: string, fixed: PartValues, asked: PartValues, changing: PartValues]
  | readonly ['resume', id: string, asked: PartValues, changing: PartValues]
  | readonly ['update', id: string, changing: PartValues]

/** The group as JSON, an array of lines; but for `secretsOf`. */
export function packed(writes: readonly Write[]): JsonText {
  return JSON.stringify(writes.map(lineOf))
}

/** What must be in no line: the values of secret headers, of the write at `index`. */
export type SecretWrite = readonly [index: number, id: string, headers: JsonText]

/** Of the asynchronous tasks that begin. A synchronous one is over when its process is. */
export function secretsOf(writes: readonly Write[]): SecretWrite[] {
  const secrets: SecretWrite[] = []
  for (const [index, [kind, { id, mode, secretHeaders }]] of writes.entries()) {
    if (secretHeaders === null || kind === 'update' || mode === 'sync') continue
    secrets.push([index, id, JSON.stringify(secretHeaders)])
  }
  return secrets
}

export function unpacked(text: JsonText): Line[] {
  return JSON.parse(text) as Line[]
}

function lineOf([kind, task]: Write): Line {
  const { fixed, asked, changing } = PARTS
  switch (kind) {
    case 'insert':
      return [kind, task.id, fixed.valuesOf(task), asked.valuesOf(task), changing.valuesOf(task)]
    case 'resume':
      return [kind, task.id, asked.valuesOf(task), changing.valuesOf(task)]
    case 'update':
      return [kind, task.id, changing.valuesOf(task)]
  }
}

/** What the tables do not have of a task yet. Immutable: the next line makes another. */
export interface Entry {
  readonly id: string
  /** null: the row is there already. */
  readonly fixed: PartValues | null
  /** null: they are as they are in the row. */
  readonly asked: PartValues | null
  readonly changing: PartValues
  /** The row as it is in the table; null: it is not there. */
  readonly stored: RowState | null
}

/** Of a row, what decides whether a write may change it, and what is counted. */
export interface RowState {
  readonly dropletKey: string
  readonly status: TaskStatus
  readonly errorMessage: string | null
}

const DROPLET_KEY = columnAt('fixed', 'droplet_key')
const IDEMPOTENCY_KEY = columnAt('fixed', 'idempotency_key')
const STATUS = columnAt('changing', 'status')
const ERROR_MESSAGE = columnAt('changing', 'error_message')

/** `latest`: what there is of the task, when the line is none of a new one. */
export function entryOf(line: Line, latest: Entry | RowState | null): Entry {
  const [kind, id] = line
  if (kind === 'insert') {
    const [, , fixed, asked, changing] = line
    return { id, fixed, asked, changing, stored: null }
  }
  const changing = line.at(-1) as PartValues
  const asked = kind === 'resume' ? line[2] : null
  if (latest === null) throw new Error(`${kind} of task ${id}, which is not there`)
  if (!('changing' in latest)) return { id, fixed: null, asked, changing, stored: latest }
  return { ...latest, asked: asked ?? latest.asked, changing }
}

export function stateOf({ fixed, changing, stored }: Entry): RowState {
  return {
    dropletKey: stored?.dropletKey ?? (fixed![DROPLET_KEY] as string),
    status: changing[STATUS] as TaskStatus,
    errorMessage: changing[ERROR_MESSAGE] as string | null,
  }
}

/** The Idempotency-Key of a new task. */
export function keyOf({ fixed }: Pick<Entry, 'fixed'>): string | null {
  return (fixed?.[IDEMPOTENCY_KEY] ?? null) as string | null
}

/** As much of the row as the entry has, by the names of its columns. */
export function cellsOf({ id, fixed, asked, changing }: Entry): Row {
  const row: Row = { id }
  if (fixed) assign(row, 'fixed', fixed)
  if (asked) assign(row, 'asked', asked)
  assign(row, 'changing', changing)
  return row
}

function assign(row: Row, part: PartName, values: PartValues): void {
  const written = sqlValues(values)
  for (const [index, name] of PARTS[part].columns.entries()) row[name] = written[index]!
}

/** Why no row can hold the values of the line; null: nothing speaks against it. */
export function faultOf(line: Line): string | null {
  const changing = valuesFault('changing', line.at(-1) as PartValues)
  if (line[0] === 'update' || changing !== null) return changing
  const asked = valuesFault('asked', line.at(-2) as PartValues)
  return line[0] === 'resume' || asked !== null ? asked : valuesFault('fixed', line[2])
}
