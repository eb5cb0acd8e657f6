/** Checks values against TypeBox schemas, and says in words what is wrong. */
import type { Static, TSchema } from 'typebox'
import type { TypeCheck } from 'typebox/compiler'
import { invalidRequest, type FieldError } from '../errors.ts'

interface Finding {
  path: string
  message: string
  schema: TSchema
}

/** More are no help, and a body can hold a hundred thousand. */
const MAX_ERRORS = 20

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
  for (const { path, message, schema } of findings) {
    if (errors.size >= MAX_ERRORS) break
    if (!errors.has(path)) errors.set(path, { path, message: inWords(message, schema) })
  }
  return [...errors.values()]
}

function inWords(message: string, schema: TSchema): string {
  if (message === 'Expected required property') return 'is required'
  const choices = (schema.anyOf as TSchema[] | undefined)?.map((choice) => choice.const)
  if (choices?.every((choice) => choice !== undefined)) {
    return `must be one of ${choices.join(', ')}`
  }
  switch (schema.type) {
    case 'integer':
      return `must be a whole number from ${schema.minimum} to ${schema.maximum}`
    case 'number':
      return `must be a number from ${schema.minimum} to ${schema.maximum}`
    case 'string':
      return schema.maxLength === undefined
        ? 'must be a string'
        : `must be a string of ${schema.minLength} to ${schema.maxLength} characters`
    default:
      return schema.anyOf ? 'must be an object or null' : message.replace(/^Expected /, 'must be ')
  }
}
