/** TypeBox's findings in words for callers. */
import type { TSchema } from 'typebox'
import type { Fault } from '../errors.ts'

export interface Finding {
  path: string
  message: string
  schema: TSchema
}

/** One fault per place, the first. */
export function faultsOf(findings: Iterable<Finding>): Fault[] {
  const faults = new Map<string, Fault>()
  for (const { path, message, schema } of findings) {
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
