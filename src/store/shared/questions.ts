/** What callers ask of the database, and what they hear where it fails. */
import { OrchestratorError } from '../../errors.ts'
import type { Log } from '../../ports.ts'
import type { SharedDatabase } from './database.ts'
import { RepeatedFailure } from './repeated-failure.ts'

/** A caller hears of each failure: the first is worth a word. */
const LEAST = 1

export class Questions {
  readonly #failures = new Map<string, RepeatedFailure>()

  constructor(private readonly ports: { database: Pick<SharedDatabase, 'whatFailed'>; log: Log }) {}

  /**
   * As `asked` settles; but rejects with STORE_UNAVAILABLE where the database does not answer, or
   * with an error. Its words are for the log alone: they name users and tables. A bug stays one.
   */
  async answered<T>(what: string, asked: Promise<T>): Promise<T> {
    const failure = this.#failureOf(what)
    try {
      const answer = await asked
      failure.worked()
      return answer
    } catch (cause) {
      failure.failed(cause)
      const failed = this.ports.database.whatFailed(cause)
      if (failed === 'program') throw cause
      throw Object.assign(new OrchestratorError('STORE_UNAVAILABLE', MESSAGES[failed]), { cause })
    }
  }

  #failureOf(what: string): RepeatedFailure {
    const failure = this.#failures.get(what) ?? new RepeatedFailure(this.ports.log, what, LEAST)
    this.#failures.set(what, failure)
    return failure
  }
}

const MESSAGES = {
  connection: 'The database does not answer now',
  statement: 'The database answers with an error now',
}
