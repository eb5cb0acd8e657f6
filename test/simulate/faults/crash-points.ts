import type { SimProcess } from '../service/sim-process.ts'

/** Places where the process can crash in the middle of something. */
export const CRASH_POINTS = [
  'before the commit',
  'after the commit',
  'before the droplet gets the request',
  'after the droplet got the request',
  'when the answer comes',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

/** Ends the process that has come to the point. */
export type CrashAt = (point: CrashPoint, process: SimProcess) => void

export class CrashPoints {
  #armed: { point: CrashPoint; countdown: number } | null = null

  constructor(private readonly crash: CrashAt) {}

  /** The process that reaches `point` for the `countdown`th time from now crashes there. */
  arm(point: CrashPoint, countdown: number): void {
    this.#armed = { point, countdown }
  }

  disarm(): void {
    this.#armed = null
  }

  /** True: the process has crashed here. */
  reached(point: CrashPoint, process: SimProcess): boolean {
    if (this.#armed?.point !== point || --this.#armed.countdown > 0) return false
    this.#armed = null
    this.crash(point, process)
    return true
  }
}
