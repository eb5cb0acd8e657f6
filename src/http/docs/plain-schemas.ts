/**
 * The document in the words that generators of clients understand best. TypeBox writes valid JSON
 * Schema, but an `anyOf` of constants becomes a union of classes in some of them, and
 * `patternProperties` becomes `unknown`.
 */
type Json = Record<string, unknown>

/** TypeBox's pattern for "any name". */
const ANY_NAME = '^(.*)$'

/** A copy with `enum` for choices and `additionalProperties` for maps, examples left alone. */
export function withPlainSchemas(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlainSchemas)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    name === 'example' || name === 'examples' ? member : withPlainSchemas(member),
  ])
  return withMap(withEnum(Object.fromEntries(entries) as Json))
}

function withEnum(schema: Json): Json {
  const { anyOf, ...rest } = schema
  if (!Array.isArray(anyOf) || anyOf.length === 0 || !anyOf.every(isConstant)) return schema
  return { ...rest, type: 'string', enum: anyOf.map(({ const: choice }) => choice) }
}

function isConstant(schema: Json): boolean {
  return typeof schema.const === 'string'
}

function withMap(schema: Json): Json {
  const { patternProperties, ...rest } = schema as { patternProperties?: Json }
  const values = patternProperties?.[ANY_NAME]
  return values === undefined ? schema : { ...rest, additionalProperties: values }
}
