/** What the model knows of one task, apart from the service. */
import type { Attempt, JsonText, TaskStatus } from '../../src/task.ts'
import type { Row } from '../../src/store/sqlite/rows.ts'
import type { SimDroplet } from './droplets.ts'

/** How a request really ended, as the mesh saw it. */
export type Ending =
  | {
      kind: 'answered'
      status: number
      json: JsonText | null
      tooLarge: boolean
      /** What a 503 asked for, ms. */
      retryAfterMs: number
    }
  | { kind: 'broken' }
  /** The service called it off. */
  | { kind: 'aborted' }
  | { kind: 'crash' }

/** A request that left the service. */
export interface Sent {
  readonly task: Known
  readonly attempt: number
  readonly droplet: SimDroplet
  /** The process that sent it. */
  readonly process: number
  readonly at: number
  end: Ending | null
  endedAt: number
}

/** A moment known only within bounds, simulated ms. */
export interface Span {
  earliest: number
  latest: number
}

export interface Known {
  readonly id: string
  /** The process that named it. */
  readonly process: number
  readonly askedAt: number
  /** As it is on disk; null: not, or not yet. */
  row: Row | null
  attempts: readonly Attempt[]
  readonly sent: Sent[]
  /** A caller was told that it is accepted. */
  promised: boolean
  cancelAsked: boolean
  /** The latest wall-clock time of an end of it, even if it runs again since. */
  lastEndAt: number | null
  /** The number of the last attempt before its caller had it run again. */
  resumedAfter: number
  /** Since when its deadline counts; null: not to be told, after a restart. */
  born: Span | null
  /** When the next attempt is due, simulated ms; null while one is under way or at the end. */
  due: number | null
  /** The same, but kept until the request is sent. */
  notBefore: number
}

export function statusOf({ row }: Known): TaskStatus | null {
  return row && (row.status as TaskStatus)
}

export function modeOf({ row }: Known): 'sync' | 'async' {
  return row?.mode as 'sync' | 'async'
}

export function isOver(known: Known): boolean {
  return known.row?.completed_at != null
}

export function dropletOf({ row }: Known): string {
  return (row!.droplet_name as string).toLowerCase()
}

/** The wait before the retry after `failures` failed attempts, as the contract has it. */
export function promisedWait(failures: number, last: Sent | undefined): number {
  const asked = last?.end?.kind === 'answered' ? last.end.retryAfterMs : 0
  return Math.max(Math.min(1000 * 2 ** (failures - 1), 60_000), Math.min(asked, 60_000))
}

export function failuresOf(attempts: readonly Attempt[]): number {
  return attempts.filter((attempt) => !attempt.interrupted && attempt.durationMs !== null).length
}
