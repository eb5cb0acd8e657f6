/** The bodies of submissions: validation, type and documentation in one. */
import { Type, type Static } from 'typebox'
import { OWN_HEADERS } from '../delivery/attempt-headers.ts'
import { MAX_RETRIES, METHODS } from '../task.ts'
import { DropletName, mapOf, maybe } from './shapes.ts'
import { MAX_HEADER_BYTES, MAX_HEADERS } from './task-headers.ts'

const Milliseconds = (maximum: number) => Type.Integer({ minimum: 1, maximum })

/** Documented in upper case, which is what HTTP has; taken in any. */
const Method = Type.String({
  enum: [...METHODS],
  pattern: `^(?:${METHODS.map(inAnyCase).join('|')})$`,
})

/** A pattern: JSON Schema has no flag for it. */
function inAnyCase(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`)
}

const Headers = mapOf(Type.String())
const HEADERS_RULES =
  `at most ${MAX_HEADERS}, of ${MAX_HEADER_BYTES / 1024} KB together. ` +
  'Refused are hop-by-hop and framing headers, those that the service sets itself ' +
  `(${OWN_HEADERS.map((name) => `\`${name}\``).join(', ')}), and a name that is there ` +
  'twice, in whatever case'

export const SubmitBody = Type.Object(
  {
    droplet_name: DropletName,
    method: maybe(Method, 'In any case; GET when it is left out'),
    path: Type.String({
      minLength: 1,
      maxLength: 2048,
      description: "Path and query, relative to the droplet's URL; starts with exactly one /",
    }),
    payload: Type.Optional(
      Type.Unknown({
        description:
          'Any JSON value; unless null, it is sent as the body just as it is written here. ' +
          'On GET only null and {}, which means the same',
      }),
    ),
    meta: maybe(mapOf(Type.Unknown()), "The caller's own notes: kept with the task, never sent on"),
    headers: maybe(Headers, `Sent to the droplet: ${HEADERS_RULES}`),
    timeout_ms: maybe(
      Milliseconds(600_000),
      'How long one attempt may take; `TASK_TIMEOUT` when it is left out',
    ),
    deadline_ms: maybe(
      Milliseconds(3_600_000),
      'How long the whole task may take, waits included; no limit when it is left out',
    ),
    max_retries: maybe(
      Type.Integer({ minimum: 0, maximum: MAX_RETRIES }),
      'Requests after the first; `TASK_MAX_RETRIES` when it is left out',
    ),
    delay_seconds: maybe(
      Type.Number({ minimum: 0, maximum: 604_800 }),
      'With `Prefer: respond-async`: not before then',
    ),
  },
  {
    title: 'SubmitTask',
    // Unknown fields are ignored, as in v1.1.0. Not `additionalProperties: true`: generated types
    // would then allow every typo.
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

/** The body of a replay, which it need not have. */
export const ReplayBody = Type.Object(
  {
    headers: maybe(
      Headers,
      'Sent in addition to those of the task, or in place of them. Needed for its secret ones ' +
        '(`Authorization`, `Proxy-Authorization`, `Cookie`, `X-Api-Key`), whose values are not ' +
        'kept; else as in `SubmitTask`',
    ),
  },
  {
    title: 'ReplayTask',
    examples: [{ headers: { authorization: 'Bearer a-new-token' } }],
  },
)
export type ReplayBody = Static<typeof ReplayBody>
