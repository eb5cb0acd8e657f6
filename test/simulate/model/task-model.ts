/** What the model knows of one task, from the disk and the mesh and not from the service. */
import type { Row } from '../../../src/store/sqlite/rows.ts'
import type { Attempt, SecretHeaders, TaskStatus } from '../../../src/task.ts'
import type { SentRequest } from './sent-request.ts'

/** A moment that is known only within bounds, simulated ms. */
export interface Span {
  earliest: number
  latest: number
}

/** By what right a task is run, where several nodes share it. */
export interface OwnerModel {
  readonly session: string
  readonly fence: number
  /** The number of the process that has the session. */
  readonly process: number
}

export interface TaskModel {
  readonly id: string
  /** The number of the process that gave it its id. */
  readonly process: number
  /** When it got its id, simulated ms. */
  readonly issuedAt: number
  /** As it is on disk; null: it is not, or not yet. */
  row: Row | null
  attempts: readonly Attempt[]
  /** null: nobody, or this is not a shared store. */
  owner: OwnerModel | null
  /** Who has accepted it, or has had it run again. */
  acceptedBy: OwnerModel | null
  /** How many nodes have owned it since then. */
  owners: number
  /** It was taken for failed, and has been deleted. */
  isUndone: boolean
  /** The number of the process that knows that it has it; null: none does yet. */
  knownTo: number | null
  /** Since when it has this owner, simulated ms. */
  ownedSince: number
  /** Simulated ms; -1: it has never been. */
  ownerlessSince: number
  /** What its latest request had. */
  secretHeaders: SecretHeaders | null
  readonly requests: SentRequest[]
  cancelRequested: boolean
  /** The number of the process that had refused it when it came to the disk after all. */
  refusedBy: number | null
  /** When its caller was told so although it was on disk, simulated ms. */
  refusedAt: number
  /** Its latest `completed_at`, wall-clock ms, even if it runs again since. */
  lastCompletedAt: number | null
  /** When the service knew that its end is on disk, simulated ms; null: not yet. */
  endedAt: number | null
  /** When the service knew that its latest step is on disk, simulated ms. */
  acknowledgedAt: number
  /** How many attempts it had when its caller had it run again. */
  attemptsBeforeResume: number
  /** From when its deadline counts; null: unknown, after a restart. */
  deadlineFrom: Span | null
  /** When the next attempt is due, simulated ms; null while one is in flight and at the end. */
  dueAt: number | null
  /** The same, but kept until the request is sent. */
  notBefore: number
  /** It waits at the gate. */
  atGate: boolean
  /** When the gate last answered it, simulated ms. */
  leftGateAt: number
  /** How long it waited there then, ms. */
  gateWaitMs: number
  /** How many of its attempts the gate has passed over, since it was submitted. */
  passedOver: number
}

export function newTask(id: string, process: number, issuedAt: number): TaskModel {
  return {
    id,
    process,
    issuedAt,
    row: null,
    attempts: [],
    owner: null,
    acceptedBy: null,
    owners: 0,
    isUndone: false,
    knownTo: null,
    ownedSince: 0,
    ownerlessSince: -1,
    secretHeaders: null,
    requests: [],
    cancelRequested: false,
    refusedBy: null,
    refusedAt: -1,
    lastCompletedAt: null,
    endedAt: null,
    acknowledgedAt: 0,
    attemptsBeforeResume: 0,
    deadlineFrom: null,
    dueAt: null,
    notBefore: 0,
    atGate: false,
    leftGateAt: 0,
    gateWaitMs: 0,
    passedOver: 0,
  }
}

export function statusOf({ row }: TaskModel): TaskStatus | null {
  return row && (row.status as TaskStatus)
}

export function modeOf({ row }: TaskModel): 'sync' | 'async' {
  return row?.mode as 'sync' | 'async'
}

/** In lower case, as the Registry compares names. */
export function dropletOf({ row }: TaskModel): string {
  return (row!.droplet_name as string).toLowerCase()
}

export function hasEnded(task: TaskModel): boolean {
  return task.row?.completed_at != null
}
