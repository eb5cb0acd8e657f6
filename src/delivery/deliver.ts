/** One attempt with all its steps. Every step is on disk before the next one is taken. */
import type { Entrant, Gate, Permit, Refusal } from '../droplets/gate.ts'
import type { Router } from '../droplets/router.ts'
import type { AttemptResult } from '../events.ts'
import type { Clock } from '../ports.ts'
import type { TaskStore } from '../store/store.ts'
import type { Task } from '../task.ts'
import { attempt, type AttemptPorts } from './attempt.ts'
import {
  attemptLimit,
  begin,
  cancel,
  conclude,
  expire,
  fail,
  interrupt,
  isExpired,
  passOver,
  type Moment,
} from './lifecycle.ts'
import { NotWritten } from './not-written.ts'
import { wasSent, type Outcome } from './outcome.ts'
import { refusedTask } from './refused-task.ts'
import type { Run } from './run.ts'

export interface DeliveryPorts extends AttemptPorts {
  store: Pick<TaskStore, 'insert' | 'resume' | 'update'>
  router: Router
  gate: Gate
}

/**
 * Finds the target, passes the gate, sends one request and records what came of it. Afterwards
 * the task has ended, or its next attempt is due at `run.dueTick`; or a shutdown stopped it at
 * the gate, and an asynchronous task is as it was. `permit`: an asynchronous attempt has it
 * already. Rejects with NotWritten, or as the store does; and with what `refusedTask` makes when
 * the gate refuses a new task, which is then none.
 */
export async function deliverAttempt(
  run: Run,
  ports: DeliveryPorts,
  permit: Permit | null = null,
): Promise<void> {
  const moment = run.moment()
  if (isExpired(run.task, moment)) return endExpired(run, ports)
  const route = ports.router.route(run.task)
  if (!route.ok) return refuse(run, route.reason, ports)
  const startTick = ports.clock.monotonic()
  const entering = permit ?? ports.gate.enter(entrantOf(run, moment), run)
  const entry = entering instanceof Promise ? await entering : entering
  if (run.aborted) return leaveGate(run, entry, ports)
  if (!entry.admitted) return turnedAway(run, entry, ports)
  // Its droplet may have moved while it waited.
  const target = entering === entry ? route : ports.router.route(run.task)
  if (!target.ok) {
    entry.release(null)
    return refuse(run, target.reason, ports)
  }
  const ended = await beginAndSend(run, { url: target.url, startTick }, entry, ports)
  await record(run, concludeRun(run, ended, ports.clock), ports, ended.result)
}

/** Ends a task, of which no attempt is under way, because its deadline has passed. */
export function endExpired(run: Run, ports: Pick<DeliveryPorts, 'store'>): Promise<void> {
  return record(run, expire(run.task, run.moment()), ports)
}

function entrantOf({ task, nextWrite }: Run, { elapsedMs }: Moment): Entrant {
  const { dropletName: droplet, timeoutMs, deadlineMs } = task
  const leftMs = deadlineMs === null ? Infinity : deadlineMs - elapsedMs
  return { droplet, isNew: nextWrite !== 'update', timeoutMs, leftMs }
}

/** What is not sent now may be sent later, or never; or the task is none. */
function turnedAway(run: Run, refusal: Refusal, ports: DeliveryPorts): Promise<void> {
  switch (refusal.kind) {
    case 'refused':
      return refuse(run, refusal.reason, ports)
    case 'passed over': {
      const moment = run.moment()
      const task = passOver(run.task, ++run.passedOver, refusal.reason, moment)
      setDue(run, task, ports.clock)
      return record(run, task, ports)
    }
    default:
      throw refusedTask(run.task.dropletName, refusal)
  }
}

/** Ends a task, of which no attempt is under way, because it cannot be sent. */
export function refuse(
  run: Run,
  reason: string,
  ports: Pick<DeliveryPorts, 'store'>,
): Promise<void> {
  return record(run, fail(run.task, reason, run.moment()), ports)
}

/** The run was aborted while it waited for its place. */
function leaveGate(run: Run, entry: Permit | Refusal, ports: DeliveryPorts): Promise<void> {
  if (entry.admitted) entry.release(null)
  return endAborted(run, ports)
}

/**
 * Ends a task that was aborted while no attempt of it was under way. An asynchronous one that a
 * shutdown stopped is left unchanged: the next start continues it.
 */
export async function endAborted(run: Run, ports: Pick<DeliveryPorts, 'store'>): Promise<void> {
  if (run.abortReason === 'lost') throw new NotWritten(run.id, run.nextWrite, 'not owned', run.task)
  if (run.abortReason === 'cancelled') await record(run, cancel(run.task, run.moment()), ports)
  else if (run.task.mode === 'sync') await record(run, interrupt(run.task, run.moment()), ports)
}

interface EndedAttempt {
  outcome: Outcome
  durationMs: number
  /** undefined: nothing was sent. */
  result: AttemptResult | undefined
}

/** Where an attempt goes, and since when it has been under way; monotonic ms. */
interface Sending {
  url: string
  startTick: number
}

/** The permit is given back as soon as the request is over, before that is recorded. */
async function beginAndSend(
  run: Run,
  { url, startTick }: Sending,
  permit: Permit,
  ports: DeliveryPorts,
): Promise<EndedAttempt> {
  const { clock } = ports
  let result: AttemptResult | undefined
  // Before it is recorded: a slow disk is no fault of the droplet's.
  const waitedMs = clock.monotonic() - startTick
  try {
    await record(run, begin(run.task, url, clock.now()), ports)
    const sentTick = clock.monotonic()
    const limitMs = attemptLimit(run.task, run.moment().elapsedMs, waitedMs)
    if (limitMs > 0) permit.sending()
    const outcome = limitMs > 0 ? await attempt(run, limitMs, ports) : tooLate(run.task)
    const durationMs = clock.monotonic() - sentTick
    result = resultOf(outcome, durationMs)
    return { outcome, durationMs, result }
  } finally {
    permit.release(result ?? null)
  }
}

/** The task as it is after the attempt. Also sets when the next one is due. */
function concludeRun(run: Run, { outcome, durationMs }: EndedAttempt, clock: Clock): Task {
  const task = conclude(run.task, outcome, durationMs, run.moment(), run.passedOver)
  setDue(run, task, clock)
  return task
}

function setDue(run: Run, { dueAt }: Task, clock: Clock): void {
  if (dueAt !== null) run.dueTick = clock.monotonic() + (dueAt - clock.now())
}

function resultOf(outcome: Outcome, durationMs: number): AttemptResult | undefined {
  if (!wasSent(outcome)) return undefined
  const status = outcome.kind === 'answered' ? outcome.status : null
  const isOurs = outcome.kind === 'unreachable' && outcome.isOurs
  return { outcome: outcome.kind, status, durationMs, ...(isOurs ? { isOurs } : {}) }
}

/** A slow disk, or the wait at the gate, can take all that was left until the deadline. */
function tooLate({ deadlineMs }: Task): Outcome {
  const error = `the deadline of ${deadlineMs} ms passed before it could be sent`
  return { kind: 'timeout', error, unsent: true }
}

async function record(
  run: Run,
  task: Task,
  { store }: Pick<DeliveryPorts, 'store'>,
  attemptResult?: AttemptResult,
): Promise<void> {
  const verb = run.nextWrite
  if (run.abortReason === 'lost') throw new NotWritten(task.id, verb, 'not owned', task)
  run.recording(task)
  const result = await (verb === 'update' ? store.update(task, attemptResult) : store[verb](task))
  if (result !== 'written') throw new NotWritten(task.id, verb, result, task)
  run.recorded(task)
}
