/** The database's thread: answers questions in the order in which they come. */
import { errorText } from '../../errors.ts'
import { DatabaseLocked } from '../driver.ts'
import type { Retention } from '../store.ts'
import { Connection } from './connection.ts'
import { SqliteHistory } from './history.ts'
import { readQuestion, type Answer, type Question } from './questions.ts'
import { callHistory } from './verbs.ts'

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
    const { id, verb, args } = readQuestion(data)
    let answer: Answer
    try {
      answer = { id, value: perform(verb, args) ?? null }
    } catch (error) {
      answer = { id, verb, error: errorText(error), locked: error instanceof DatabaseLocked }
    }
    self.postMessage(JSON.stringify(answer))
  })
}
