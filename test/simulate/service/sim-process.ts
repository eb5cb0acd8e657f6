import type { Config } from '../../../src/config/config.ts'

/** What the gate is told to allow. */
export type GateLimits = Pick<
  Config['droplets'],
  'maxConcurrency' | 'maxWaiting' | 'breakerThreshold' | 'breakerGraceMs'
> & { readonly maxRunning: number; readonly patienceMs: number }

/** One run of the service's process, from its start to its crash or stop. */
export interface SimProcess {
  readonly number: number
  /** How many asynchronous attempts it may have in flight. */
  readonly concurrency: number
  readonly maxQueued: number
  readonly limits: GateLimits
  /** Simulated ms. */
  readonly startedAt: number
  /** False from the instant of a crash: nothing that it still does has an effect. */
  alive: boolean
  /** It has recovered the unfinished tasks, and answers callers. */
  serving: boolean
  draining: boolean
  /** When its graceful stop began, simulated ms; Infinity before that. */
  drainingSince: number
  /** When it began to serve, simulated ms; Infinity before that. */
  servingSince: number
}

export function newProcess(
  number: number,
  { task, droplets }: Config,
  startedAt: number,
): SimProcess {
  const { maxRunning, timeoutMs: patienceMs } = task
  return {
    number,
    startedAt,
    concurrency: task.concurrency,
    maxQueued: task.maxQueued,
    limits: { ...droplets, maxRunning, patienceMs },
    alive: true,
    serving: false,
    draining: false,
    drainingSince: Infinity,
    servingSince: Infinity,
  }
}
