/** What droplets send to the Registry: the bodies of Registry 1.0.0. */
import { Type, type Static, type TSchema } from 'typebox'
import { TypeCompiler } from 'typebox/compiler'
import { MAX_NAME_LENGTH } from '../task.ts'
import { unprocessable } from './refusal.ts'

const Endpoint = Type.String({ pattern: '^https?://', maxLength: 2048 })
const Metadata = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])
const Status = Type.Union([Type.Literal('active'), Type.Literal('inactive'), Type.Literal('error')])

const NewDroplet = Type.Object({
  name: Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH }),
  endpoint: Endpoint,
  id: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  steward: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  metadata: Type.Optional(Metadata),
})

const OldRegistration = Type.Object({
  name: NewDroplet.properties.name,
  id: NewDroplet.properties.id,
  url: Type.Optional(Endpoint),
  endpoint: Type.Optional(Endpoint),
  version: Type.Optional(Type.String()),
})

const Change = Type.Partial(
  Type.Object({
    status: Status,
    endpoint: Endpoint,
    metadata: Metadata,
    proof: Type.Union([Type.String(), Type.Null()]),
    cost_usd: Type.Number(),
    yield_usd: Type.Number(),
  }),
)

export type DropletStatus = Static<typeof Status>
export type NewDroplet = Static<typeof NewDroplet>
export type Change = Static<typeof Change>

/** The body of `POST /droplets`. Like those below, throws the Refusal when it isn't one. */
export const newDroplet = checked(NewDroplet)
/** The body of `POST /register`, which older droplets use. */
export const oldRegistration = checked(OldRegistration)
/** The body of `PATCH /droplets/{id}`. */
export const change = checked(Change)

function checked<T extends TSchema>(schema: T): (body: unknown) => Static<T> {
  const compiled = TypeCompiler.Compile(schema)
  return (body) => {
    if (!compiled.Check(body)) throw unprocessable(compiled.Errors(body).First())
    return body
  }
}
