/** What the simulated world knows of one run of the service, from its start to its end. */
export interface Process {
  readonly number: number
  readonly concurrency: number
  /** False from the instant of a crash: nothing that it still does has an effect. */
  alive: boolean
  /** It has taken over what was left, and answers callers. */
  serving: boolean
  draining: boolean
  /** When it began to serve, simulated ms. */
  servingSince: number
}

/** Where a crash can be waited for, besides between any two events. */
export type CrashPoint =
  | 'before the commit'
  | 'after the commit'
  | 'before the droplet sees it'
  | 'after the droplet saw it'
  | 'as the answer comes'
