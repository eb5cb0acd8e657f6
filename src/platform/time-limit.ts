import type { Clock, StopSignal } from '../ports.ts'
import { failureText } from './network-failure.ts'

export type Limited<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      /** `timeout`: no end within the limit. `stopped`: `stop` aborted. `failed`: it threw. */
      readonly kind: 'timeout' | 'stopped' | 'failed'
      /** One line of text. */
      readonly error: string
      /** What it threw. */
      readonly cause?: unknown
    }

/**
 * Runs `work` for at most `ms`, or until `stop` aborts (null: nothing stops it). The signal that
 * `work` gets aborts then, and also when `work` fails: a response that was not read to its end
 * would keep its connection. Never rejects: what `work` throws comes back as text.
 */
export function within<T>(
  clock: Clock,
  ms: number,
  stop: StopSignal | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Limited<T>> {
  if (stop?.aborted) return Promise.resolve({ ok: false, kind: 'stopped', error: 'stopped' })
  return new Promise((resolve) => {
    const limit = new AbortController()
    const finish = (result: Limited<T>) => {
      cancelTimer()
      stop?.removeEventListener('abort', stopped)
      resolve(result)
      if (!result.ok) limit.abort()
    }
    const fail = (kind: 'timeout' | 'stopped', error: string) => finish({ ok: false, kind, error })
    const stopped = () => fail('stopped', 'stopped')
    stop?.addEventListener('abort', stopped)
    const cancelTimer = clock.after(ms, () => fail('timeout', `no answer within ${ms} ms`))
    // The first of the three counts: the limit must hold even if something that `work` calls
    // ignores the signal.
    work(limit.signal).then(
      (value) => finish({ ok: true, value }),
      (cause: unknown) => finish({ ok: false, kind: 'failed', error: failureText(cause), cause }),
    )
  })
}
