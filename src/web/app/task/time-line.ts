/** The attempts of a task and the waits between them, to scale. */
import type { Task } from '../../../client/types.ts'

type Timed = Pick<Task, 'status' | 'created_at' | 'completed_at' | 'due_at' | 'attempts'>
export type Attempt = Task['attempts'][number]

/** Places are percent of the whole. */
export interface Bar {
  readonly left: number
  readonly width: number
  readonly ms: number
}

export interface Line {
  /** null: nothing follows the wait yet. */
  readonly attempt: Attempt | null
  /** Before the attempt. */
  readonly wait: Bar | null
  /** null where there is no attempt. */
  readonly bar: Bar | null
  readonly isRunning: boolean
}

export interface Tick {
  readonly left: number
  readonly ms: number
}

export interface TimeLine {
  readonly totalMs: number
  readonly lines: readonly Line[]
  readonly ticks: readonly Tick[]
  /** Where an unfinished task is now; null: it has ended. */
  readonly nowLeft: number | null
}

/** Less is the time that recording took, not a wait; of the end more than of an attempt. */
const MIN_WAIT_MS = 5
const MIN_LAST_WAIT_MS = 100
const MAX_TICKS = 6
const STEPS = [1, 2, 5]
const MINUTE_STEPS = [1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000].concat(
  [2, 5, 10, 15, 30, 60, 120, 360, 720, 1440, 10_080].map((minutes) => minutes * 60_000),
)

/** `now`: of the service, Unix seconds; where an unfinished task has got to. */
export function timeLineOf(task: Timed, now: number): TimeLine {
  const start = task.created_at
  const spans = spansOf(task, now)
  const last = spans.at(-1)
  const lastEnd = last?.to ?? start
  const latest = Math.max(start, ...spans.map(({ to }) => to))
  const end = Math.max(latest, task.completed_at ?? Math.max(now, task.due_at ?? now))
  const totalMs = Math.max((end - start) * 1000, 1)
  const barOf = (from: number, to: number): Bar => ({
    left: percent((from - start) * 1000, totalMs),
    width: percent((to - from) * 1000, totalMs),
    ms: Math.round((to - from) * 1000),
  })
  const waitOf = (from: number, to: number, least = MIN_WAIT_MS) =>
    (to - from) * 1000 >= least ? barOf(from, to) : null
  const lines = spans.map(({ attempt, from, to, isRunning }, i): Line => {
    const wait = waitOf(spans[i - 1]?.to ?? start, from)
    return { attempt, wait, bar: barOf(from, to), isRunning }
  })
  const least = task.completed_at === null ? MIN_WAIT_MS : MIN_LAST_WAIT_MS
  const rest = last?.isRunning ? null : waitOf(lastEnd, end, least)
  if (rest) lines.push({ attempt: null, wait: rest, bar: null, isRunning: false })
  const nowLeft = task.completed_at === null ? percent((now - start) * 1000, totalMs) : null
  return { totalMs, lines, ticks: ticksOf(totalMs), nowLeft }
}

interface Span {
  attempt: Attempt
  from: number
  to: number
  isRunning: boolean
}

function spansOf({ attempts, status, created_at, completed_at }: Timed, now: number): Span[] {
  return attempts.map((attempt, i) => {
    const from = Math.max(attempt.started_at, created_at)
    const isLast = i === attempts.length - 1
    const isRunning = attempt.duration_ms === null && isLast && status === 'running'
    // One that a restart cut off ended nobody knows when; it can't be after the next began.
    const latest = attempts[i + 1]?.started_at ?? completed_at ?? now
    const to = attempt.duration_ms === null ? latest : from + attempt.duration_ms / 1000
    return { attempt, from, to: Math.max(from, to), isRunning }
  })
}

/** At round numbers: 1, 2 or 5 of a power of ten below a second, clock-like above. */
export function ticksOf(totalMs: number): Tick[] {
  const step = stepFor(totalMs)
  const count = Math.floor(totalMs / step + 1e-9)
  return Array.from({ length: count + 1 }, (_, n) => ({
    left: percent(n * step, totalMs),
    ms: n * step,
  }))
}

function stepFor(totalMs: number): number {
  const least = totalMs / MAX_TICKS
  for (let power = 1; power < 1000; power *= 10) {
    const step = STEPS.map((factor) => factor * power).find((each) => each >= least)
    if (step !== undefined) return step
  }
  return MINUTE_STEPS.find((step) => step >= least) ?? MINUTE_STEPS.at(-1)!
}

function percent(part: number, whole: number): number {
  return Math.min(100, Math.max(0, (part / whole) * 100))
}
