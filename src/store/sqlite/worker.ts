/** The store's thread: answers questions in the order in which they come. */
import { errorText } from '../../errors.ts'
import { callHistory, type Verb } from '../driver.ts'
import { SqliteHistory, type Retention } from './history.ts'

export interface Question {
  id: number
  verb: Verb | 'open'
  args: unknown[]
}

export type Answer = { id: number; value: unknown } | { id: number; error: string }

declare const self: Worker

let history: SqliteHistory | undefined

self.addEventListener('message', ({ data }: MessageEvent<string>) => {
  const { id, verb, args } = JSON.parse(data) as Question
  let answer: Answer
  try {
    answer = { id, value: perform(verb, args) ?? null }
  } catch (error) {
    answer = { id, error: errorText(error) }
  }
  self.postMessage(JSON.stringify(answer))
})

function perform(verb: Question['verb'], args: unknown[]): unknown {
  if (verb === 'open') {
    history = new SqliteHistory(...(args as [string, Retention]))
    return null
  }
  return history && callHistory(history, verb, args)
}
