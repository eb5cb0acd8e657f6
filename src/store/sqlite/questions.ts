/** What goes between the service and the database's thread: text, which crosses fastest. */
import type { Verb } from './verbs.ts'

export interface Question {
  id: number
  verb: Verb | 'open'
  args: unknown[]
}

export interface Failure {
  id: number
  verb: Question['verb']
  error: string
  /** It is a DatabaseLocked. */
  locked: boolean
}

export type Answer = { id: number; value: unknown } | Failure

/**
 * A first argument that is text goes beside the JSON, on the second line: as JSON within JSON, the
 * lines of a commit would be escaped twice.
 */
export function writeQuestion({ id, verb, args }: Question): string {
  const [first, ...rest] = args
  return typeof first === 'string'
    ? `${JSON.stringify({ id, verb, args: rest })}\n${first}`
    : JSON.stringify({ id, verb, args })
}

export function readQuestion(text: string): Question {
  const end = text.indexOf('\n')
  if (end < 0) return JSON.parse(text) as Question
  const { id, verb, args } = JSON.parse(text.slice(0, end)) as Question
  return { id, verb, args: [text.slice(end + 1), ...args] }
}
