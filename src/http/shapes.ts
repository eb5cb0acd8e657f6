/** What schemas of replies are made of. */
import { Type, type TSchema } from 'typebox'

export const nullable = <T extends TSchema>(schema: T, description?: string) =>
  Type.Union([schema, Type.Null()], description ? { description } : {})

export const oneOf = (values: readonly string[]) =>
  Type.Union(values.map((value) => Type.Literal(value)))
