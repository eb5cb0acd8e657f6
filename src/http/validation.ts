/** TypeBox's findings in words for callers. */
import type { Static, TSchema } from 'typebox'
import type { TypeCheck } from 'typebox/compiler'
import { invalidRequest, type Fault } from '../errors.ts'

interface Finding {
  path: string
  message: string
  schema: TSchema
}

/** More are no help, and a body can hold a hundred thousand. */
const MOST_FAULTS = 20

/**
 * The value, if the schema allows it; throws INVALID_REQUEST with its faults if not. Elysia would
 * check it too, but takes seconds to describe what is wrong with a body that is nested deeply.
 */
export function checked<T extends TSchema>(schema: TypeCheck<T>, value: unknown): Static<T> {
  if (schema.Check(value)) return value
  throw invalidRequest(...faultsOf(schema.Errors(value)))
}

/** One fault per place, the first. */
export function faultsOf(findings: Iterable<Finding>): Fault[] {
  const faults = new Map<string, Fault>()
  for (const { path, message, schema } of findings) {
    if (faults.size >= MOST_FAULTS) break
    if (!faults.has(path)) faults.set(path, { path, message: inWords(message, schema) })
  }
  return [...faults.values()]
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
