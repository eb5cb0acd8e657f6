/** SQLite in a thread of its own: the only way in which the service runs it. */
import { Bag } from '../../bag.ts'
import { lockDatabase } from '../../platform/file-lock.ts'
import { DatabaseLocked, type StoreDriver } from '../driver.ts'
import type { Retention } from '../store.ts'
import { writeQuestion, type Answer, type Failure, type Question } from './questions.ts'
import { driverOf } from './verbs.ts'

// In the binary, import.meta.url is the bundle's root, and the thread's file is below it.
const WORKER = import.meta.url.includes('/$bunfs/') ? './store/sqlite/worker.ts' : './worker.ts'

interface PendingQuestion {
  resolve(value: unknown): void
  reject(error: Error): void
}

/**
 * Opens or creates the database `file` (or `:memory:`). Rejects with a message for people when
 * it is damaged, from a newer version, in use by another orchestrator or not to be opened.
 */
export async function openSqlite(file: string, retention: Retention): Promise<StoreDriver> {
  const unlock = lockDatabase(file)
  const worker = new Worker(new URL(WORKER, import.meta.url), { name: 'store' })
  const thread = new DatabaseThread(worker, file)
  let closing: Promise<void> | undefined
  const close = () => (closing ??= thread.close().then(unlock))
  try {
    await thread.ask('open', [file, retention])
  } catch (error) {
    await close()
    throw error
  }
  return { ...driverOf((verb, args) => thread.ask(verb, args)), close }
}

/** Sends questions to the thread, and its answers to those who asked. */
class DatabaseThread {
  readonly #pending = new Bag<PendingQuestion>()
  #ended: Error | null = null

  constructor(
    private readonly worker: Worker,
    private readonly file: string,
  ) {
    worker.addEventListener('message', ({ data }: MessageEvent<string>) => this.#answer(data))
    // An error that the thread did not catch: it could not start, or its state is not known.
    worker.addEventListener('error', ({ message }) =>
      this.#end(new Error(`the thread of the database has failed: ${message}`)),
    )
  }

  ask(verb: Question['verb'], args: unknown[]): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      // Free for another question as soon as it is answered: each must be answered once.
      const id = this.#pending.add({ resolve, reject })
      this.worker.postMessage(writeQuestion({ id, verb, args }))
    })
  }

  /** Lets the thread close the database, and ends it. Never rejects. */
  async close(): Promise<void> {
    await this.ask('close', []).catch(() => {})
    this.worker.terminate()
    this.#end(new Error('the database is closed'))
  }

  #answer(data: string): void {
    const answer = JSON.parse(data) as Answer
    const question = this.#pending.get(answer.id)
    if (!question) return
    this.#pending.remove(answer.id, question)
    if ('error' in answer) question.reject(this.#errorOf(answer))
    else question.resolve(answer.value)
  }

  /** Names the file, for the log. Not in a failure to open it: that message names it already. */
  #errorOf({ verb, error, locked }: Failure): Error {
    const text = verb === 'open' ? error : `${this.file}: ${error}`
    return locked ? new DatabaseLocked(text) : new Error(text)
  }

  #end(reason: Error): void {
    this.#ended ??= reason
    for (const [id, question] of this.#pending.entries()) {
      this.#pending.remove(id, question)
      question.reject(reason)
    }
  }
}
