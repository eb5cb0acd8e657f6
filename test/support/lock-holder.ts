/** Somebody else who holds a database's lock, and lets it go once it is asked for. */
import { Database } from 'bun:sqlite'

export interface HolderOrder {
  file: string
  /** What is done under the lock; empty: nothing. */
  sql: string
  /** Has it been asked for; is it being let go: 0 or 1. */
  state: Int32Array<SharedArrayBuffer>
}

export interface LockHolder extends AsyncDisposable {
  isHeld(): boolean
}

/**
 * Takes the lock in another thread. It is let go a moment after a connection of this thread has
 * begun a transaction in the file.
 */
export async function holdLock(file: string, sql = ''): Promise<LockHolder> {
  const worker = new Worker(new URL('./lock-holder-worker.ts', import.meta.url))
  const state = new Int32Array(new SharedArrayBuffer(8))
  const said = () => new Promise((resolve) => worker.addEventListener('message', resolve))
  const held = said()
  worker.postMessage({ file, sql, state } satisfies HolderOrder)
  await held
  const letGo = said()
  const ask = () => {
    Atomics.store(state, 0, 1)
    Atomics.notify(state, 0)
  }
  const restore = onTransaction(file, ask)
  return {
    isHeld: () => Atomics.load(state, 1) === 0,
    async [Symbol.asyncDispose]() {
      restore()
      ask()
      await letGo
      worker.terminate()
    },
  }
}

/** Calls `begins` right before each transaction in the file that needs the lock. */
function onTransaction(file: string, begins: () => void): () => void {
  const { transaction } = Database.prototype
  Database.prototype.transaction = function (this: Database, work: () => unknown) {
    const real = transaction.call(this, work)
    if (this.filename !== file) return real
    const announced = (run: () => unknown) => () => {
      begins()
      return run()
    }
    return { immediate: announced(real.immediate), exclusive: announced(real.exclusive) }
  } as never
  return () => void (Database.prototype.transaction = transaction)
}
