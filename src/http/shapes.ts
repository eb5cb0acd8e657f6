/** What the schemas of requests and replies are made of: each shape once. */
import { Type, type TSchema } from 'typebox'
import { MAX_NAME_LENGTH } from '../task.ts'

export const Count = Type.Integer({ minimum: 0 })
/** Of an entry in the Registry. */
export const Id = Type.Union([Type.String(), Type.Integer(), Type.Null()])
export const AnyJson = Type.Unknown({ description: 'Any JSON value' })

export const DropletName = Type.String({
  minLength: 1,
  maxLength: MAX_NAME_LENGTH,
  description: 'The droplet, by its name in the Registry; upper and lower case are the same',
})

/** The document says `enum`: see `docs/plain-schemas.ts`. */
export const oneOf = <const T extends string>(values: readonly T[], description?: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    described(description),
  )

export const nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], described(description))

/** A field that may be left out; null, which generated clients send, is the same. */
export const maybe = <T extends TSchema>(schema: T, description?: string) =>
  Type.Optional(nullable(schema, description))

/**
 * An object of any names. Not a Record: that says `patternProperties`, of which generators of
 * clients make nothing.
 */
export const mapOf = <T extends TSchema>(values: T, description?: string) =>
  Type.Object({}, { additionalProperties: values, ...described(description) })

function described(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description }
}
