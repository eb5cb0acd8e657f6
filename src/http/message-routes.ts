/** Messages of the mesh: taking them, and sending them to droplets. */
import { Elysia } from 'elysia'
import { TypeCompiler } from 'typebox/compiler'
import type { Caller } from '../access/caller.ts'
import { OrchestratorError } from '../errors.ts'
import type { Engine } from '../engine.ts'
import type { Ports } from '../ports.ts'
import { MAX_RETRIES, type JsonText, type Submission } from '../task.ts'
import type { SubmitOptions } from '../tasks/submit.ts'
import type { Admitted } from './admission.ts'
import { BASE, JSON_TYPE, UNPARSED, type ResponseSettings } from './base.ts'
import { clamp } from './clamp.ts'
import * as documented from './docs/mesh-operations.ts'
import { errorBody } from './error-reply.ts'
import { hopsOf } from './hops.ts'
import { readJson } from './json-body.ts'
import { MessageBody, SendBody } from './message-bodies.ts'
import { isTaken, messageJson, receiptView, sentView } from './message-views.ts'
import type { RoutePorts } from './route-ports.ts'
import { outcomeView } from './task-views.ts'
import { traceOf } from './trace-headers.ts'
import { checked } from './validation.ts'

type MessagePorts = Pick<Ports, 'clock' | 'log'> & Pick<RoutePorts, 'admission' | 'bodies'>

const messageBody = TypeCompiler.Compile(MessageBody)
const sendBody = TypeCompiler.Compile(SendBody)

const SYNC = { mode: 'sync', waitMs: 0, idempotencyKey: null } as const

/** `POST <base>/message`: logged and acknowledged. */
export function messageRoute(
  base: string,
  { clock, log, admission, bodies }: MessagePorts,
  admitted: Admitted,
) {
  return new Elysia({ name: `message ${base}` }).post(
    `${base}/message`,
    async ({ request, set }) => {
      using json = await readJson(request, bodies)
      const message = checked(messageBody, json.value)
      const { requestId } = admission.callerOf(set)
      const receipt = receiptView(message, message.trace_id ?? requestId, clock.now())
      const { source = null, message_type } = message
      const { trace_id, result } = receipt
      // Not its payload, which may hold secrets.
      log.info('message', { request_id: requestId, trace_id, source, message_type, result })
      return receipt
    },
    { ...UNPARSED, ...admitted },
  )
}

/** `POST /orchestrator/send`: 200, delivered or not, unless the body is malformed. */
export function sendRoute(
  { tasks }: Pick<Engine, 'tasks'>,
  { clock, admission, idleLimit, bodies }: Pick<Ports, 'clock'> & RoutePorts,
) {
  return new Elysia({ name: 'send' }).post(
    `${BASE}/send`,
    async ({ request, set, server }) => {
      using json = await readJson(request, bodies)
      const body = checked(sendBody, json.value)
      const caller = admission.callerOf(set)
      const traceId = caller.requestId
      const message = messageJson(body, json.textOf('payload'), traceId, clock.now())
      const asked = toTask(body, message)
      const trace = traceOf(request.headers)
      const options = { ...SYNC, hops: hopsOf(request.headers), trace }
      const send = () => deliver(tasks, caller, asked, options)
      const { taskId, ...delivered } = await idleLimit.during({ request, server }, send)
      if (taskId !== null) {
        set.headers['x-task-id'] = taskId
        const settings: ResponseSettings = set
        settings.task = { id: taskId, dropletName: body.target, trace }
      }
      set.headers['content-type'] = JSON_TYPE
      return sentView({ target: body.target, traceId, ...delivered }, clock.now())
    },
    { ...UNPARSED, ...admission.route(documented.send) },
  )
}

function toTask({ target, retry_count }: SendBody, message: JsonText): Submission {
  return {
    dropletName: target,
    method: 'POST',
    path: '/message',
    payload: message,
    meta: null,
    headers: {},
    secretHeaders: null,
    timeoutMs: null,
    deadlineMs: null,
    maxRetries: retry_count == null ? null : clamp(retry_count, 0, MAX_RETRIES),
    delayMs: 0,
  }
}

interface Delivered {
  sent: boolean
  result: JsonText
  /** null: there was no task. */
  taskId: string | null
}

async function deliver(
  tasks: Engine['tasks'],
  caller: Caller,
  asked: Submission,
  options: SubmitOptions,
): Promise<Delivered> {
  try {
    const { task } = await tasks.submit(caller, asked, options)
    const sent = isTaken(task)
    const result = sent ? (task.responseBody ?? 'null') : outcomeView(task)
    return { sent, result, taskId: task.id }
  } catch (error) {
    if (!(error instanceof OrchestratorError)) throw error
    const { task_id } = error.details
    const taskId = typeof task_id === 'string' ? task_id : null
    return { sent: false, result: errorBody(error), taskId }
  }
}
