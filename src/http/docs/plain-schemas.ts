/**
 * Choices in the words that generators of clients understand best: `enum`. TypeBox can only check
 * an `anyOf` of constants, which becomes a union of classes in some of them. All else in the
 * document stands as it is in the schemas.
 */
type Json = Record<string, unknown>

/** A copy with `enum` for choices, examples left alone. */
export function withPlainSchemas(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlainSchemas)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    name === 'example' || name === 'examples' ? member : withPlainSchemas(member),
  ])
  return withEnum(Object.fromEntries(entries) as Json)
}

function withEnum(schema: Json): Json {
  const { anyOf, ...rest } = schema
  if (!Array.isArray(anyOf) || anyOf.length === 0 || !anyOf.every(isConstant)) return schema
  return { ...rest, type: 'string', enum: anyOf.map(({ const: choice }) => choice) }
}

function isConstant(schema: Json): boolean {
  return typeof schema.const === 'string'
}
