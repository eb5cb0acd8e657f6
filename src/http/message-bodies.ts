/** What the mesh sends as messages: validation, type and documentation in one. */
import { Type, type Static } from 'typebox'
import { MAX_NAME_LENGTH, MAX_RETRIES } from '../task.ts'
import { AnyJson, DropletName, maybe, oneOf } from './shapes.ts'

const MessageType = oneOf(['status', 'event', 'command', 'query'])

const Name = Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH })
/** A service, by its name or its id. */
const Party = Type.Optional(Type.Union([Name, Type.Integer(), Type.Null()]))

const TextOrNumber = Type.Union([Type.String(), Type.Number(), Type.Null()])

/** Lenient, for the services of the mesh differ in what they send: only the type must be there. */
export const MessageBody = Type.Object(
  {
    trace_id: maybe(Name, 'By default the id of the request'),
    source: Party,
    target: Party,
    message_type: MessageType,
    payload: Type.Optional(AnyJson),
    timestamp: Type.Optional(TextOrNumber),
  },
  { title: 'Message', additionalProperties: true },
)
export type MessageBody = Static<typeof MessageBody>

export const SendBody = Type.Object(
  {
    target: DropletName,
    message_type: MessageType,
    payload: Type.Optional(AnyJson),
    priority: Type.Optional({
      ...TextOrNumber,
      description: 'Makes no difference: every message is sent at once',
    }),
    retry_count: maybe(
      Type.Integer(),
      `Requests after the first, 0 to ${MAX_RETRIES}; more count as ${MAX_RETRIES}. ` +
        'Default TASK_MAX_RETRIES',
    ),
  },
  { title: 'SendMessage', additionalProperties: true },
)
export type SendBody = Static<typeof SendBody>
