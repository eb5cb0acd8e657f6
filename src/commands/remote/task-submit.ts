import { ApiError, Unreachable } from '../../client/api-error.ts'
import { submitHeaders } from '../../client/client.ts'
import { codeOf } from '../../errors.ts'
import { randomBytes } from '../../platform/random.ts'
import { METHODS } from '../../task.ts'
import { EXIT, type Command } from '../command.ts'
import { spinning } from '../terminal/spinner.ts'
import { follow, printAccepted, printEnd } from './result.ts'
import { atService, SERVICE_FLAGS, type Call } from './service.ts'
import { SUBMIT_FLAGS, submissionBody } from './submission.ts'
import { interruption, readWait, waitWithValue } from './waiting.ts'

export const TASK_SUBMIT: Command = {
  name: 'task submit',
  synopsis: 'DROPLET METHOD PATH [--payload JSON] [--async] [--wait [S]] …',
  summary: 'send a task to a droplet, and print its answer',
  details: `
Without --async and --wait it is a synchronous task: the answer is waited for. With one of them
the service goes on with it by itself, whatever becomes of this command.

  --payload JSON       what the droplet gets, with all its digits; @FILE reads a file, - stdin
  --header LINE        'Name: value', sent to the droplet; may be repeated
  --meta JSON          your own notes, kept with the task
  --timeout S          how long one attempt may take
  --deadline S         how long all of it may take
  --retries N          requests after the first
  --delay S            with --async or --wait: not before then
  --key KEY            the Idempotency-Key: with the same, nothing is sent twice
  --async              print the task's id at once
  --wait [S]           follow the task until it ends, S seconds at most
${SERVICE_FLAGS}
  orchestrator task submit echo POST /hello --payload '{"hello":"world"}'
  orchestrator task submit mailer POST /send --payload @letter.json --key letter-17 --async
  orchestrator task submit reports GET '/build?year=2026' --wait
`,
  values: { 0: 'droplets', 1: METHODS },
  run: (args, io) => atService(TASK_SUBMIT, OPTIONS, waitWithValue(args), io, submit),
}

const OPTIONS = {
  flags: SUBMIT_FLAGS,
  lists: ['header'],
  switches: ['async'],
  max: 3,
} as const

type SubmitCall = Call<typeof SUBMIT_FLAGS, 'header', 'async'>

async function submit(call: SubmitCall): Promise<number> {
  const { flags, switches, io } = call
  const body = await submissionBody(call, io)
  const wait = readWait(flags.wait)
  const options = { body, idempotencyKey: flags.key }
  return send(call, '/tasks', { ...options, wait, isAsync: switches.async || wait !== null })
}

interface Sending {
  readonly body: string
  readonly idempotencyKey?: string
  /** s; null: not at all. */
  readonly wait: number | null
  readonly isAsync: boolean
}

/** Sends what makes a task, follows that if asked, and prints what became of it. */
export async function send(call: Call, path: string, sending: Sending): Promise<number> {
  const { client, io } = call
  const { body, idempotencyKey, wait, isAsync } = sending
  const signal = interruption(io)
  // By which the task is found when Ctrl-C comes before its id.
  const requestId = `cli-${Buffer.from(randomBytes(12)).toString('hex')}`
  const prefer = isAsync ? 'respond-async' : undefined
  const headers = submitHeaders({ prefer, idempotencyKey, requestId })
  try {
    const sent = client.send(path, { method: 'POST', body, headers, signal })
    const text = await spinning(io, 'waiting for the answer', sent)
    if (!('location' in (JSON.parse(text) as object))) return printEnd(call, text)
    if (wait === null) return printAccepted(call, text)
    const { task_id } = JSON.parse(text) as { task_id: string }
    return await follow(call, task_id, wait, signal)
  } catch (error) {
    const find = `orchestrator task list --request-id ${requestId}`
    if (!signal.aborted) {
      if (mayBeAccepted(error))
        io.stderr(`If there is a task nonetheless, it is found with: ${find}\n`)
      throw error
    }
    io.stderr(`Nobody waits for the answer any more; the task goes on. Find it with: ${find}\n`)
    return EXIT.interrupted
  }
}

/** The connection broke later than when it was made, or a proxy gave up. */
function mayBeAccepted(error: unknown): boolean {
  if (error instanceof ApiError) return error.body === null && error.status >= 502
  return error instanceof Unreachable && !NEVER_SENT.has(String(codeOf(error.cause)))
}

const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'])
