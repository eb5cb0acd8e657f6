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
    // Of what may be null: what is wrong with it otherwise.
    const wrapped = inner?.[schema.anyOf?.findIndex(isNotNull) as number]
    if (schema.anyOf?.some(isNull) && wrapped) collect(wrapped, errors)
    else if (!errors.has(path)) {
      errors.set(path, { path: shortPath(path), message: inWords(message, schema) })
    }
  }
}

const isNull = ({ type }: TSchema) => type === 'null'
const isNotNull = (schema: TSchema) => !isNull(schema)

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
  switch (schema.type) {
    case 'integer':
      return schema.maximum === undefined
        ? 'must be a whole number'
        : `must be a whole number from ${schema.minimum} to ${schema.maximum}`
    case 'number':
      return `must be a number from ${schema.minimum} to ${schema.maximum}`
    case 'string':
      return schema.maxLength === undefined
        ? 'must be a string'
        : `must be a string of ${schema.minLength} to ${schema.maxLength} characters`
    case 'object':
      return 'must be an object'
    default:
      return message.replace(/^Expected /, 'must be ')
  }
}

/** The values of an `enum`, or of a union of constants. */
function choicesOf(schema: TSchema): readonly unknown[] | null {
  if (schema.enum) return schema.enum as unknown[]
  const choices = (schema.anyOf as TSchema[] | undefined)?.map((choice) => choice.const)
  return choices?.every((choice) => choice !== undefined) ? choices : null
}
