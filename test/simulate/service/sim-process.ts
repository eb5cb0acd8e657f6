import type { Config } from '../../../src/config/config.ts'
import type { World } from '../world/world.ts'

/** What the gate is told to allow. */
export type GateLimits = Pick<
  Config['droplets'],
  'maxConcurrency' | 'maxWaiting' | 'breakerThreshold' | 'breakerGraceMs'
> & { readonly maxRunning: number; readonly patienceMs: number }

/** One run of the service's process, from its start to its crash or stop. */
export interface SimProcess {
  readonly number: number
  /** The name of its node. */
  readonly node: string
  /** How many asynchronous attempts it may have in flight. */
  readonly concurrency: number
  readonly maxQueued: number
  readonly limits: GateLimits
  /** Simulated ms. */
  readonly startedAt: number
  /** Its wall clock, ms. */
  wall(): number
  /** False from the instant of a crash: nothing that it still does has an effect. */
  alive: boolean
  /** What would have happened in it while it is paused, in order; null: it is not paused. */
  inbox: (() => void)[] | null
  /** When it was last paused, simulated ms; -1: never. */
  pausedUntil: number
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
  { node, wall }: Pick<SimProcess, 'node' | 'wall'>,
): SimProcess {
  const { maxRunning, timeoutMs: patienceMs } = task
  return {
    number,
    node,
    wall,
    startedAt,
    concurrency: task.concurrency,
    maxQueued: task.maxQueued,
    limits: { ...droplets, maxRunning, patienceMs },
    alive: true,
    inbox: null,
    pausedUntil: -1,
    serving: false,
    draining: false,
    drainingSince: Infinity,
    servingSince: Infinity,
  }
}

/** Whatever happens in a process goes through here: timers, answers, calls. */
export function whenRunning(process: SimProcess, run: () => void): void {
  if (!process.alive) return
  if (process.inbox === null) run()
  else process.inbox.push(run)
}

/** Nothing happens in it, as after SIGSTOP; its requests are under way all the same. */
export function pause(process: SimProcess): void {
  process.inbox ??= []
}

/** All that has waited happens now: each an event of its own, in order. */
export function resume(process: SimProcess, world: World): void {
  process.pausedUntil = world.now
  const next = () => {
    if (!process.alive || process.inbox === null) return
    const run = process.inbox.shift()
    if (!run) {
      process.inbox = null
      return
    }
    run()
    world.after(0, next)
  }
  next()
}
