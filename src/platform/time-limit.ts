import { errorText } from '../errors.ts'
import type { Clock } from '../ports.ts'

export type Limited<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      /** `timeout`: no end within the limit. `stopped`: `stop` aborted. `failed`: it threw. */
      readonly kind: 'timeout' | 'stopped' | 'failed'
      /** One line of text. */
      readonly error: string
    }

/**
 * Runs `work` for at most `ms`, or until `stop` aborts (null: nothing stops it); the signal that
 * `work` gets aborts then. Never rejects: what `work` throws comes back as text.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  stop: AbortSignal | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Limited<T>> {
  if (stop?.aborted) return { ok: false, kind: 'stopped', error: 'stopped' }
  const limit = new AbortController()
  const cut = Promise.withResolvers<Limited<T>>()
  const end = (kind: 'timeout' | 'stopped', error: string) => {
    cut.resolve({ ok: false, kind, error })
    limit.abort()
  }
  const stopped = () => end('stopped', 'stopped')
  stop?.addEventListener('abort', stopped)
  const cancelTimer = clock.after(ms, () => end('timeout', `no answer within ${ms} ms`))
  try {
    // A race, and not only the signal: the limit must hold even if something that `work` calls
    // ignores the signal.
    return await Promise.race([
      work(limit.signal).then(
        (value): Limited<T> => ({ ok: true, value }),
        (error: unknown): Limited<T> => ({ ok: false, kind: 'failed', error: errorText(error) }),
      ),
      cut.promise,
    ])
  } finally {
    cancelTimer()
    stop?.removeEventListener('abort', stopped)
  }
}
