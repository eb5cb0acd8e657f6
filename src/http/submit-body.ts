/** The body of `POST /orchestrator/tasks`: validation, type and documentation in one. */
import { Type, type Static } from 'typebox'
import { METHODS } from '../task.ts'

const Milliseconds = (maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, description })

export const SubmitBody = Type.Object(
  {
    droplet_name: Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'The droplet, by its name in the Registry; upper and lower case are the same',
    }),
    method: Type.Optional(
      Type.Union(
        METHODS.map((method) => Type.Literal(method)),
        { default: 'GET' },
      ),
    ),
    path: Type.String({
      minLength: 1,
      maxLength: 2048,
      description: "Path and query, relative to the droplet's URL; starts with exactly one /",
    }),
    payload: Type.Optional(
      Type.Unknown({ description: 'Any JSON value; sent as the JSON body unless null' }),
    ),
    meta: Type.Optional(
      Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
        description: "The caller's own notes: kept with the task, never sent on",
      }),
    ),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Sent to the droplet; hop-by-hop and framing headers are refused',
      }),
    ),
    timeout_ms: Type.Optional(
      Milliseconds(600_000, 'How long one attempt may take; default TASK_TIMEOUT'),
    ),
    deadline_ms: Type.Optional(
      Milliseconds(3_600_000, 'How long the whole task may take, waits included; default none'),
    ),
    max_retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 10,
        description: 'Requests after the first; default TASK_MAX_RETRIES',
      }),
    ),
    delay_seconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 604_800,
        description: 'With `Prefer: respond-async`: not before then',
      }),
    ),
  },
  {
    title: 'SubmitTask',
    // Unknown fields are ignored, as in v1.1.0.
    additionalProperties: true,
    examples: [
      {
        droplet_name: 'echo',
        method: 'POST',
        path: '/greet?lang=en',
        payload: { hello: 'world' },
        meta: { requested_by: 'docs' },
      },
    ],
  },
)
export type SubmitBody = Static<typeof SubmitBody>
