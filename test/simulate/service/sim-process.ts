/** One run of the service's process, from its start to its crash or stop. */
export interface SimProcess {
  readonly number: number
  /** How many asynchronous attempts it may have in flight. */
  readonly concurrency: number
  readonly maxQueued: number
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

export function newProcess(number: number, concurrency: number, maxQueued: number): SimProcess {
  return {
    number,
    concurrency,
    maxQueued,
    alive: true,
    serving: false,
    draining: false,
    drainingSince: Infinity,
    servingSince: Infinity,
  }
}
