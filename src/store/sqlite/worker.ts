/** The database's thread: answers questions in the order in which they come. */
import { errorText } from '../../errors.ts'
import { DatabaseLocked } from '../driver.ts'
import type { Retention } from '../store.ts'
import { Connection } from './connection.ts'
import { SqliteHistory } from './history.ts'
import { callHistory, type Verb } from './verbs.ts'

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

declare const self: Worker

answerQuestions()

function answerQuestions(): void {
  let history: SqliteHistory | undefined
  const perform = (verb: Question['verb'], args: unknown[]): unknown => {
    if (verb !== 'open') return history && callHistory(history, verb, args)
    const [file, retention] = args as [string, Retention]
    history = new SqliteHistory(Connection.open(file), retention)
    return null
  }
  self.addEventListener('message', ({ data }: MessageEvent<string>) => {
    const { id, verb, args } = JSON.parse(data) as Question
    let answer: Answer
    try {
      answer = { id, value: perform(verb, args) ?? null }
    } catch (error) {
      answer = { id, verb, error: errorText(error), locked: error instanceof DatabaseLocked }
    }
    self.postMessage(JSON.stringify(answer))
  })
}
