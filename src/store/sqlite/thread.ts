/** The engine in a thread of its own: the only way in which the service runs it. */
import { engineOf, type Engine } from '../driver.ts'
import { lockDatabase } from '../../platform/file-lock.ts'
import type { Retention } from './history.ts'
import type { Answer, Question } from './worker.ts'

// In the binary, import.meta.url is the bundle's root, and the thread's file is below it.
const WORKER = import.meta.url.includes('/$bunfs/') ? './store/sqlite/worker.ts' : './worker.ts'

interface Asked {
  resolve(value: unknown): void
  reject(error: Error): void
}

/**
 * Opens or creates the database `file` (or `:memory:`). Rejects with a message for people when
 * it is damaged, from a newer version, in use by another orchestrator or not to be opened.
 */
export async function threadEngine(file: string, retention: Retention): Promise<Engine> {
  const unlock = lockDatabase(file)
  const worker = new Worker(new URL(WORKER, import.meta.url), { name: 'store' })
  const asked = new Map<number, Asked>()
  let lastId = 0

  const ask = (verb: Question['verb'], args: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      asked.set(++lastId, { resolve, reject })
      // As text: one string crosses faster than a list of lists.
      worker.postMessage(JSON.stringify({ id: lastId, verb, args } satisfies Question))
    })
  worker.addEventListener('message', ({ data }: MessageEvent<string>) => {
    const answer = JSON.parse(data) as Answer
    const question = asked.get(answer.id)
    asked.delete(answer.id)
    if ('error' in answer) question?.reject(new Error(answer.error))
    else question?.resolve(answer.value)
  })
  worker.addEventListener('error', (event) => {
    for (const question of asked.values()) question.reject(new Error(event.message))
    asked.clear()
  })

  let closing: Promise<void> | undefined
  const close = () =>
    (closing ??= ask('close', [])
      .catch(() => {})
      .then(() => worker.terminate())
      .then(unlock))
  try {
    await ask('open', [file, retention])
  } catch (error) {
    await close()
    throw error
  }
  return { ...engineOf(ask), close }
}
