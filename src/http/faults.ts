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
  const choices = (schema?.anyOf as TSchema[] | undefined)?.map((choice) => choice.const)
  if (choices?.every((choice) => choice !== undefined))
    return `must be one of ${choices.join(', ')}`
  if (message === 'Expected union value') return 'must be an object or null'
  return message
    .replace(/^Expected required property$/, 'is required')
    .replace(/^Expected /, 'must be: ')
}
