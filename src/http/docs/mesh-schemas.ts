/** The shapes of what all services of the mesh have in common. */
import { Type, type TSchema } from 'typebox'
import { MessageBody, SendBody } from '../message-bodies.ts'
import { Count, Id, mapOf, nullable, oneOf } from '../shapes.ts'

const Time = Type.String({ description: 'ISO 8601, UTC, with microseconds' })

const MeshHealth = Type.Object({
  status: oneOf(['active', 'inactive', 'error']),
  service: Type.Literal('orchestrator'),
  version: Type.String(),
  timestamp: Time,
})

const Capabilities = Type.Object({
  version: Type.String(),
  features: Type.Array(Type.String()),
  dependencies: Type.Array(Type.String()),
  udc_version: Type.Literal('1.0'),
  metadata: mapOf(Type.Unknown()),
})

const State = Type.Object({
  cpu_percent: nullable(
    Type.Number({ minimum: 0 }),
    'Of one core, since the latest request for it that is 10 s old; null: not known yet',
  ),
  memory_mb: nullable(Type.Number({ minimum: 0 }), 'Resident memory'),
  uptime_seconds: Count,
  requests_total: Type.Integer({ minimum: 0, description: 'Since the last restart' }),
  requests_per_minute: Type.Integer({ minimum: 0, description: 'In the last 60 seconds' }),
  errors_last_hour: Type.Integer({
    minimum: 0,
    description: 'Errors with a status of 500 or more that were answered in the last 60 minutes',
  }),
  last_restart: Time,
})

const Dependency = Type.Object({
  id: Id,
  name: Type.String(),
  status: oneOf(['connected', 'available', 'unavailable']),
})

const Dependencies = Type.Object({
  required: Type.Array(Dependency),
  optional: Type.Array(Dependency),
  missing: Type.Array(Dependency, { description: 'Those required that are unavailable' }),
})

const MessageReceipt = Type.Object({
  received: Type.Literal(true),
  trace_id: Type.String(),
  processed_at: Time,
  result: oneOf(['success', 'queued', 'error']),
})

const SentMessage = Type.Object({
  sent: Type.Boolean({ description: 'Whether the droplet has taken it, with a status of 2xx' }),
  trace_id: Type.String({ description: 'The id of the request' }),
  target: Type.String(),
  timestamp: Time,
  result: Type.Unknown({
    description:
      "The droplet's answer; when it was not sent, what `POST /orchestrator/tasks` would have " +
      "answered: the outcome with the droplet's status, or the error",
  }),
})

export const MESH_SCHEMAS = {
  MeshHealth,
  Capabilities,
  State,
  Dependencies,
  Message: MessageBody,
  MessageReceipt,
  SendMessage: SendBody,
  SentMessage,
} as const satisfies Record<string, TSchema>
