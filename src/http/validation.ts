/** Checks values against TypeBox schemas, and says in words what is wrong. */
import type { Static, TSchema } from 'typebox'
import type { TypeCheck } from 'typebox/compiler'
import { invalidRequest, type FieldError } from '../errors.ts'

interface Finding {
  path: string
  message: string
  schema: TSchema
  /** Of a union: what each of its schemas finds. */
  errors?: readonly Iterable<Finding>[]
}

/** More are no help, and a body can hold a hundred thousand. */
export const MAX_ERRORS = 20
/** What is told of a path: a field's name can be as long as the body. */
const MAX_PATH_LENGTH = 300

/**
 * The value, if the schema allows it; else throws INVALID_REQUEST with what is wrong. Elysia could
 * check it too, but takes seconds to describe what is wrong with a body that is nested deeply.
 */
export function checked<T extends TSchema>(schema: TypeCheck<T>, value: unknown): Static<T> {
  if (schema.Check(value)) return value
  throw invalidRequest(...fieldErrors(schema.Errors(value)))
}

/** The first error of each field. */
export function fieldErrors(findings: Iterable<Finding>): FieldError[] {
  const errors = new Map<string, FieldError>()
  collect(findings, errors)
  return [...errors.values()]
}

function collect(findings: Iterable<Finding>, errors: Map<string, FieldError>): void {
  for (const { path, message, schema, errors: inner } of findings) {
    if (errors.size >= MAX_ERRORS) return
    const wrapped = inner?.[nullableAt(schema)]
    if (wrapped) collect(wrapped, errors)
    else if (!errors.has(path)) {
      errors.set(path, { path: shortPath(path), message: inWords(message, schema) })
    }
  }
}

/**
 * Where in its union the one schema is that may be null, for its faults say more than the union's;
 * -1 if it is no such union.
 */
function nullableAt({ anyOf }: TSchema): number {
  const types = (anyOf as TSchema[] | undefined)?.map(({ type }) => type) ?? []
  return types.length === 2 && types.includes('null')
    ? types.findIndex((type) => type !== 'null')
    : -1
}

/** A JSON Pointer (RFC 6901) to the member `name` of `path`. */
export function pointerTo(path: string, name: string): string {
  return shortPath(`${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
}

function shortPath(path: string): string {
  return path.length <= MAX_PATH_LENGTH ? path : `${path.slice(0, MAX_PATH_LENGTH)}…`
}

function inWords(message: string, schema: TSchema): string {
  if (message === 'Expected required property') return 'is required'
  const choices = choicesOf(schema)
  if (choices) return `must be one of ${choices.join(', ')}`
  const kind = kindOf(schema)
  return kind ? `must be ${kind}` : message.replace(/^Expected /, 'must be ')
}

const ALTERNATIVES = new Intl.ListFormat('en', { type: 'disjunction' })

/** What a value must be, in words; null for a schema that there are no words for. */
function kindOf(schema: TSchema): string | null {
  const { type, anyOf, minimum, maximum, minLength, maxLength } = schema
  if (anyOf)
    return ALTERNATIVES.format((anyOf as TSchema[]).map((each) => kindOf(each) ?? 'something else'))
  const range = maximum === undefined ? '' : ` from ${minimum} to ${maximum}`
  switch (type) {
    case 'integer':
      return `a whole number${range}`
    case 'number':
      return `a number${range}`
    case 'string':
      return maxLength === undefined
        ? 'a string'
        : `a string of ${minLength} to ${maxLength} characters`
    case 'object':
      return 'an object'
    case 'null':
      return 'null'
    default:
      return null
  }
}

/** The values of an `enum`, or of a union of constants. */
function choicesOf(schema: TSchema): readonly unknown[] | null {
  if (schema.enum) return schema.enum as unknown[]
  const choices = (schema.anyOf as TSchema[] | undefined)?.map((choice) => choice.const)
  return choices?.every((choice) => choice !== undefined) ? choices : null
}
