import { errorText } from '../errors.ts'
import type { Clock } from '../ports.ts'

export type Limited<T> = { ok: true; value: T } | { ok: false; error: string }

/**
 * Runs `work` for at most `ms`, or until `stop` aborts; its signal then aborts. Never rejects:
 * whatever goes wrong comes back as one line of text.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Limited<T>> {
  if (stop.aborted) return { ok: false, error: 'stopped' }
  const limit = new AbortController()
  const cut = Promise.withResolvers<Limited<T>>()
  const end = (error: string) => {
    cut.resolve({ ok: false, error })
    limit.abort()
  }
  const stopped = () => end('stopped')
  stop.addEventListener('abort', stopped)
  const cancelTimer = clock.after(ms, () => end(`no answer within ${ms} ms`))
  try {
    // A race, and not only the signal: a far end that hangs must not depend on every layer
    // below obeying it.
    return await Promise.race([
      work(limit.signal).then(
        (value): Limited<T> => ({ ok: true, value }),
        (error: unknown): Limited<T> => ({ ok: false, error: errorText(error) }),
      ),
      cut.promise,
    ])
  } finally {
    cancelTimer()
    stop.removeEventListener('abort', stopped)
  }
}
