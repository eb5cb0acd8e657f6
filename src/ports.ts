/**
 * The outside world as small interfaces: time, requests, log lines and ids. Tests and the
 * simulator pass implementations of their own; the real ones are in `platform/`.
 */
import type { Log } from './log.ts'

export type { Log } from './log.ts'

/**
 * What can end a wait, a request or other work: an AbortSignal, or anything that does as one
 * does and costs less.
 */
export interface StopSignal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface Clock {
  /** Wall-clock time, ms since the epoch. It may jump: use it only for what people or disks see. */
  now(): number
  /** ms since an arbitrary start; never goes back. For every duration and every wait. */
  monotonic(): number
  /** Calls `callback` once, in `ms`, at most 24 days; the returned function cancels that. */
  after(ms: number, callback: () => void): () => void
  /** Calls `callback` when this turn of the event loop is over. */
  soon(callback: () => void): void
  /** Resolves in `ms`, or as soon as the signal aborts; never rejects. */
  sleep(ms: number, signal?: StopSignal): Promise<void>
}

export interface FetchInit {
  method: string
  headers: Record<string, string>
  body?: string
  signal: AbortSignal
  /**
   * Dialled in place of the host name in the URL, which is still what `Host` says and what the
   * certificate must be for. IPv6 without brackets.
   */
  address?: string
}

/** One HTTP request: redirects are not followed and no environment proxy is used. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

/** What the name service says of a host name. */
export interface Resolved {
  /** At least one; IPv6 without brackets. */
  readonly addresses: readonly string[]
  /** How long that is good, ms; may be 0. */
  readonly ttlMs: number
}

/** Rejects with the `code` ENOTFOUND when there is no address, with another when nobody knows. */
export type Resolve = (name: string) => Promise<Resolved>

/**
 * Calls back each time that the file may have changed: it may have been replaced, or be gone. It
 * need not be there yet. `failed`: changes are not noticed (any more). The returned function ends it.
 */
export type WatchFile = (
  path: string,
  changed: () => void,
  failed: (error: unknown) => void,
) => () => void

/** What a process uses of the machine. */
export interface ProcessUsage {
  /** Processor time since its start, ms, of all its threads together. */
  cpuMs: number
  /** Resident memory. */
  memoryBytes: number
  /** Wall clock, ms. */
  startedAt: number
}

export interface Ports {
  clock: Clock
  /** Goes wherever it is sent: `droplets/dial.ts` says where that may be. */
  fetch: Fetch
  resolve: Resolve
  log: Log
  /** A fresh, unguessable id. */
  newId(): string
}

/** `sleep` in terms of `after`: every Clock, real or fake, can use it. */
export function sleepWith(after: Clock['after'], ms: number, signal?: StopSignal): Promise<void> {
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
