/** The task routes, as the OpenAPI document describes them. */
import { MAX_KEY_LENGTH } from '../../task.ts'
import { HOPS_HEADER, MAX_HOPS } from '../hops.ts'
import { FindQuery, ListQuery, queryParameters } from '../query.ts'
import { describe, type Reply } from './describe.ts'
import {
  acceptedExample,
  cancelledExample,
  outcomeExample,
  pageExample,
  replayExample,
  submitExample,
  taskExample,
} from './examples.ts'

const header = (name: string, description: string, limits: object) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string', ...limits },
})

export const hops = header(
  HOPS_HEADER,
  'Of a droplet that submits because of a task: the one it was sent, so that no loop goes on ' +
    `for ever. With ${MAX_HOPS} or more the request is refused`,
  { pattern: '^\\d+$', examples: ['1'] },
)

export const trace = [
  header(
    'traceparent',
    'The trace that the task belongs to (W3C Trace Context). One that is not valid is ignored, and ' +
      "a trace begins with the task; the droplet gets it with a span of each attempt's own",
    { examples: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'] },
  ),
  header('tracestate', 'Goes on to the droplet with it; 512 characters are kept', {
    examples: ['congo=t61rcWkgMzE'],
  }),
]

const submitHeaders = [
  header(
    'Prefer',
    '`respond-async`: answer 202 at once; `wait=N`: answer 202 after N seconds, 1 to 55, and what ' +
      'is beyond counts as the nearest of them. Where another node ran the task, its bodies are ' +
      'cut as in the history. What is not understood is ignored (RFC 7240)',
    { examples: ['respond-async', 'wait=10'] },
  ),
  header(
    'Idempotency-Key',
    'However often it is sent, a request with this key runs once, as long as its task is in the history',
    {
      minLength: 1,
      maxLength: MAX_KEY_LENGTH,
      pattern: '^[\\x21-\\x7e]+$',
      examples: ['invoice-4711'],
    },
  ),
  hops,
  ...trace,
]

const taskId = {
  name: 'task_id',
  in: 'path',
  required: true,
  schema: { type: 'string' },
  example: taskExample.id,
}

const outcome: Reply = {
  description: 'The droplet answered, with whatever status; or somebody cancelled the task',
  schema: 'Outcome',
  example: outcomeExample,
  headers: {
    'Idempotency-Replayed': '`true` when this is the stored outcome of an earlier request',
    'Preference-Applied': 'The `wait` that was kept',
  },
}

const accepted: Reply = {
  description: 'The task is on disk and will be run',
  schema: 'Accepted',
  example: acceptedExample,
  headers: {
    Location: 'Where the task can be followed',
    'Preference-Applied': 'The preferences that were kept',
  },
}

const submitErrors = [
  'INVALID_REQUEST',
  'DROPLET_NOT_FOUND',
  'IDEMPOTENCY_KEY_IN_USE',
  'IDEMPOTENCY_KEY_REUSED',
  'DROPLET_UNREACHABLE',
  'REGISTRY_ERROR',
  'LOOP_DETECTED',
  'CIRCUIT_OPEN',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'STORE_UNAVAILABLE',
  'TIMEOUT',
] as const

export const submit = describe({
  operationId: 'submitTask',
  tag: 'Tasks',
  access: 'tasks:write',
  summary: 'Submit a task',
  description:
    'Finds the droplet, calls it, tries again after 1, 2, 4 … seconds when that fails, and ' +
    'answers with its answer. With `Prefer: respond-async` it answers at once and goes on alone.',
  parameters: submitHeaders,
  body: { schema: 'SubmitTask', example: submitExample },
  replies: { 200: outcome, 202: accepted },
  errors: [...submitErrors, 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'],
})

export const list = describe({
  operationId: 'listTasks',
  tag: 'Tasks',
  access: 'tasks:read',
  summary: 'List tasks, newest first',
  parameters: queryParameters(ListQuery),
  replies: { 200: { description: 'A page', schema: 'TaskPage', example: pageExample } },
  errors: ['INVALID_REQUEST', 'STORE_UNAVAILABLE'],
})

export const find = describe({
  operationId: 'getTask',
  tag: 'Tasks',
  access: 'token',
  summary: 'Show a task with its attempts',
  parameters: [taskId, ...queryParameters(FindQuery)],
  replies: { 200: { description: 'The task', schema: 'Task', example: taskExample } },
  errors: ['INVALID_REQUEST', 'TASK_NOT_FOUND', 'OVERLOADED', 'STORE_UNAVAILABLE'],
})

export const cancel = describe({
  operationId: 'cancelTask',
  tag: 'Tasks',
  access: 'tasks:write',
  summary: 'Cancel a task',
  description: 'Ends its request or its wait. Needs no body.',
  parameters: [taskId],
  replies: {
    200: { description: 'The task, cancelled', schema: 'Task', example: cancelledExample },
  },
  errors: ['TASK_NOT_FOUND', 'TASK_FINISHED', 'SHUTTING_DOWN', 'STORE_UNAVAILABLE'],
})

export const replay = describe({
  operationId: 'replayTask',
  tag: 'Tasks',
  access: 'tasks:write',
  summary: 'Submit the same again, as a new task',
  description: 'Needs no body, unless the task had secret headers: their values are not kept.',
  parameters: [taskId, ...submitHeaders],
  body: { schema: 'ReplayTask', example: replayExample, isOptional: true },
  replies: { 200: outcome, 202: accepted },
  errors: [...submitErrors, 'TASK_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'],
})
