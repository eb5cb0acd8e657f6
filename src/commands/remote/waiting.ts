/** Waiting for a task until it ends, or until whoever waits has had enough. */
import { ApiError, Unreachable } from '../../client/api-error.ts'
import { taskPath, type OrchestratorClient } from '../../client/client.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Clock } from '../../ports.ts'
import { EXIT, type CommandIo } from '../command.ts'
import { Misuse } from './service.ts'

const TO_THE_END = 'end'

/** `--wait` may be without a value; a reader of arguments takes it with one only. */
export function waitWithValue(args: readonly string[]): string[] {
  return args.flatMap((arg, at) => {
    const value = args[at + 1] ?? ''
    return arg === '--wait' && !isWait(value) ? [`--wait=${TO_THE_END}`] : [arg]
  })
}

const isWait = (text: string) => text === TO_THE_END || /^\d+$/.test(text)

/** How long to wait, s; null: not at all. */
export function readWait(text: string): number | null {
  if (text === '') return null
  if (!isWait(text)) throw new Misuse(`--wait ${text}: must be a whole number of seconds`)
  return text === TO_THE_END ? Infinity : Number(text)
}

/** Aborts at the first SIGINT or SIGTERM; the second ends the process. */
export function interruption(io: CommandIo): AbortSignal {
  const controller = new AbortController()
  io.onStopSignal(() => {
    if (controller.signal.aborted) io.exit(EXIT.interrupted)
    controller.abort()
  })
  return controller.signal
}

/** Of one request; proxies give up at 60 s. */
const LONG_POLL_S = 50
/** For how long a service that restarts is waited for, ms, and how often it is asked. */
const PATIENCE_MS = 60_000
const PAUSE_MS = 1000

/**
 * The task as JSON text, once it has ended or after so many seconds. A service that is away for
 * less than a minute meanwhile is waited for: the task is on its disk.
 */
export async function whenEnded(
  client: OrchestratorClient,
  id: string,
  seconds: number,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<string> {
  const start = clock.monotonic()
  let answeredAt = start
  for (;;) {
    const left = seconds - (clock.monotonic() - start) / 1000
    const wait = Math.max(0, Math.min(LONG_POLL_S, Math.ceil(left)))
    try {
      const text = await client.send(taskPath(id), { query: { wait }, signal })
      const { completed_at } = JSON.parse(text) as { completed_at: number | null }
      if (completed_at !== null || left <= LONG_POLL_S) return text
      answeredAt = clock.monotonic()
    } catch (error) {
      const tooLong = clock.monotonic() - answeredAt > PATIENCE_MS || left <= 0
      if (!isAway(error) || tooLong) throw error
      await clock.sleep(PAUSE_MS, signal)
    }
  }
}

/** Whether the service restarts, or what stands before it says so. */
export function isAway(error: unknown): boolean {
  if (error instanceof Unreachable) return true
  if (!(error instanceof ApiError)) return false
  return error.code === 'SHUTTING_DOWN' || (error.body === null && error.status >= 502)
}
