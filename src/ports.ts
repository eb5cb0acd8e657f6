/**
 * The outside world as small interfaces. Everything that waits, calls out, names or reports
 * goes through here, so that tests and the simulator can stand in for the world, and nothing
 * else ever needs to be faked.
 */
import { systemLog, type Log, type LogOptions } from './log.ts'

export type { Log } from './log.ts'

export interface Clock {
  /** Wall-clock time, ms since the epoch. May jump; only for what people and disks see. */
  now(): number
  /** ms since an arbitrary start; never goes back. For every duration and every wait. */
  monotonic(): number
  /** Calls `callback` once in `ms`; the returned function calls it off. */
  after(ms: number, callback: () => void): () => void
  /** Calls `callback` when this turn of the event loop is over. */
  soon(callback: () => void): void
  /** Resolves in `ms`, or as soon as the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface FetchInit {
  method: string
  headers: Record<string, string>
  body?: string
  signal: AbortSignal
}

/** One HTTP request: redirects are not followed and no environment proxy is used. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

export interface Ports {
  clock: Clock
  fetch: Fetch
  log: Log
  /** A fresh, unguessable task id. */
  newId(): string
}

// setTimeout keeps its delay in 32 bits and fires at once beyond it.
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** `sleep` in terms of `after`: what every Clock does, real or fake. */
export function sleepWith(after: Clock['after'], ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = after(ms, done)
    signal?.addEventListener('abort', done)
  })
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
  soon: (callback) => void setImmediate(callback),
  sleep: (ms, signal) => sleepWith(systemClock.after, ms, signal),
}

// When a reused connection turns out dead, fetch sends these methods once more by itself: a
// request that nobody counted. A connection of their own costs a bare relay 45 % of its
// throughput; POST and PATCH are never repeated and keep theirs.
const REPEATED_BY_FETCH = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

/**
 * `proxy: false`: HTTP_PROXY and its kin are read at every call otherwise.
 * `redirect: 'manual'`: a 3xx is the droplet's answer.
 */
export const systemFetch: Fetch = (url, init) => {
  const keepalive = !REPEATED_BY_FETCH.has(init.method)
  const options = { ...init, keepalive, redirect: 'manual', proxy: false }
  return fetch(url, options as unknown as RequestInit)
}

export function systemPorts(log: LogOptions): Ports {
  return {
    clock: systemClock,
    fetch: systemFetch,
    log: systemLog(log),
    // UUIDv7 (RFC 9562): sorts by time, so that the id index of the history grows at its end.
    newId: () => Bun.randomUUIDv7(),
  }
}
