/** What the mesh sends as messages: validation, type and documentation in one. */
import { Type, type Static } from 'typebox'

const MessageType = Type.Union([
  Type.Literal('status'),
  Type.Literal('event'),
  Type.Literal('command'),
  Type.Literal('query'),
])

/** A service, by its name or its id. */
const Party = Type.Union([
  Type.String({ minLength: 1, maxLength: 255 }),
  Type.Integer(),
  Type.Null(),
])

const Payload = Type.Unknown({ description: 'Any JSON value' })

/** Lenient, for the services of the mesh differ in what they send: only the type must be there. */
export const MessageBody = Type.Object(
  {
    trace_id: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()], {
        description: 'By default the id of the request',
      }),
    ),
    source: Type.Optional(Party),
    target: Type.Optional(Party),
    message_type: MessageType,
    payload: Type.Optional(Payload),
    timestamp: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()])),
  },
  { title: 'Message', additionalProperties: true },
)
export type MessageBody = Static<typeof MessageBody>

export const SendBody = Type.Object(
  {
    target: Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'The droplet, by its name in the Registry; upper and lower case are the same',
    }),
    message_type: MessageType,
    payload: Type.Optional(Payload),
    priority: Type.Optional(
      Type.Union([Type.String(), Type.Number(), Type.Null()], {
        description: 'Makes no difference: every message is sent at once',
      }),
    ),
    retry_count: Type.Optional(
      Type.Union([Type.Integer(), Type.Null()], {
        description:
          'Requests after the first, 0 to 10; more count as 10. Default TASK_MAX_RETRIES',
      }),
    ),
  },
  { title: 'SendMessage', additionalProperties: true },
)
export type SendBody = Static<typeof SendBody>
