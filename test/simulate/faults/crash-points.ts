/** Places where the process can crash in the middle of something. */
export const CRASH_POINTS = [
  'before the commit',
  'after the commit',
  'before the droplet gets the request',
  'after the droplet got the request',
  'when the answer comes',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

export class CrashPoints {
  #armed: { point: CrashPoint; countdown: number } | null = null

  constructor(private readonly crash: (point: CrashPoint) => void) {}

  /** The process crashes when it reaches `point` for the `countdown`th time. */
  arm(point: CrashPoint, countdown: number): void {
    this.#armed = { point, countdown }
  }

  disarm(): void {
    this.#armed = null
  }

  /** True: the process has crashed here. */
  reached(point: CrashPoint): boolean {
    if (this.#armed?.point !== point || --this.#armed.countdown > 0) return false
    this.#armed = null
    this.crash(point)
    return true
  }
}
