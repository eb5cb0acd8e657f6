/** How a submission, a replay or a wait ends: what is printed of it, and the exit code. */
import type { Accepted, Outcome, Task } from '../../client/types.ts'
import { visible } from '../../platform/log-text.ts'
import { EXIT, hasColour } from '../command.ts'
import { paint, stateColour } from '../terminal/colours.ts'
import { spinning } from '../terminal/spinner.ts'
import { durationText } from '../terminal/texts.ts'
import { bodyText, rawMember } from './body-text.ts'
import { printText } from './print-text.ts'
import type { Call } from './service.ts'
import { whenEnded } from './waiting.ts'

type Printing = Pick<Call, 'io' | 'json'>

export function printAccepted(call: Printing, text: string): number {
  const { task_id, status } = JSON.parse(text) as Accepted
  if (call.json) printText(call.io, text)
  else call.io.stdout(`Task ${task_id} is ${status}. ${howToFollow(task_id)}\n`)
  return EXIT.ok
}

/** Follows the task and prints it; Ctrl-C ends only that. */
export async function follow(
  call: Printing & Pick<Call, 'client'>,
  id: string,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  try {
    const waiting = whenEnded(call.client, id, seconds, signal)
    return printEnd(call, await spinning(call.io, `waiting for task ${id}`, waiting))
  } catch (error) {
    if (!signal.aborted) throw error
    call.io.stderr(`The task goes on. ${howToFollow(id)}\n`)
    return EXIT.interrupted
  }
}

export const howToFollow = (id: string) => `Follow it with: orchestrator task show ${id} --wait`

/** `text`: an outcome or a task. Prints what became of it; 1 unless that is success. */
export function printEnd(call: Printing, text: string): number {
  const ended = endOf(JSON.parse(text) as Outcome | Task)
  if (call.json) printText(call.io, text)
  else
    call.io.stdout(headline(ended, hasColour(call.io)) + bodyText(rawMember(text, 'response_body')))
  if (ended.status === 'queued' || ended.status === 'running') {
    call.io.stderr(`It is ${ended.status} still. ${howToFollow(ended.id)}\n`)
  }
  return ended.status === 'success' ? EXIT.ok : EXIT.failed
}

interface End {
  readonly id: string
  readonly status: string
  readonly target: string
  readonly answered: number | null
  readonly retries: number
  readonly durationMs: number | null
  readonly error: string | null
}

function endOf(reply: Outcome | Task): End {
  return {
    id: 'task_id' in reply ? reply.task_id : reply.id,
    status: reply.status,
    target: reply.target_url,
    answered: reply.response_status,
    retries: reply.retry_count,
    durationMs: reply.duration_ms,
    error: 'error_message' in reply ? reply.error_message : null,
  }
}

/** `success: 200 from http://… in 12 ms, after 2 retries`, and below it the id. */
function headline(end: End, colour: boolean): string {
  const { status, answered, target, durationMs, retries, error, id } = end
  const state = colour ? paint(status, stateColour(status)) : status
  const from = answered === null ? target : `${answered} from ${target}`
  const took = durationMs === null ? '' : ` in ${durationText(durationMs)}`
  const after = retries === 0 ? '' : `, after ${retries} ${retries === 1 ? 'retry' : 'retries'}`
  const why = error === null ? '' : `${visible(error)}\n`
  const task = `task ${id}`
  return `${state}: ${visible(from)}${took}${after}\n${why}${colour ? paint(task, 'dim') : task}\n`
}
