/** Whether anything leaks. */
import { median } from '../bench/report.ts'
import type { Sample } from './sample.ts'

export interface SoakRun {
  /** Before there was any load. */
  readonly start: Sample
  readonly load: readonly Sample[]
  /** When all tasks have ended and all connections are closed. */
  readonly end: Sample
  /** CPU time a second when nothing is to be done, ms: before and after. */
  readonly idleCpuMs: readonly [number, number]
  readonly minutes: number
}

/** The log, and what the system opens now and then. */
const MORE_DESCRIPTORS = 5
/** Compilers and collectors come and go. */
const MORE_THREADS = 8
const MAX_WAL_MB = 64
/** Of the last third of the run, beside the third before: what is not collected yet. */
const MEMORY_FACTOR = 1.15
const MEMORY_MB = 15
/** Until all is compiled, memory grows. */
const MIN_MINUTES_FOR_MEMORY = 2
const MORE_IDLE_CPU_MS = 50

/** What leaks, in words; empty when nothing does. */
export function leaks({ start, load, end, idleCpuMs, minutes }: SoakRun): string[] {
  const faults: string[] = []
  const atMost = (what: string, value: number, most: number) => {
    if (value > most) faults.push(`${what}: ${value.toFixed(0)}, more than ${most.toFixed(0)}`)
  }
  atMost('sockets after the end', end.sockets, start.sockets + MORE_DESCRIPTORS)
  atMost('file descriptors after the end', end.descriptors, start.descriptors + MORE_DESCRIPTORS)
  atMost('threads after the end', end.threads, start.threads + MORE_THREADS)
  atMost('MB of WAL', Math.max(...load.map(({ walMb }) => walMb), end.walMb), MAX_WAL_MB)
  atMost('ms of CPU a second, idle', idleCpuMs[1], idleCpuMs[0] + MORE_IDLE_CPU_MS)
  if (minutes >= MIN_MINUTES_FOR_MEMORY) {
    const [before, last] = laterThirds(load)
    atMost('MB of memory in the last third', last, before * MEMORY_FACTOR + MEMORY_MB)
  }
  return faults
}

/** The medians of memory: single samples fall before or after a collection. */
export function laterThirds(load: readonly Sample[]): readonly [number, number] {
  const third = Math.floor(load.length / 3)
  const of = (some: readonly Sample[]) => median(some.map(({ rssMb }) => rssMb))
  return [of(load.slice(third, 2 * third)), of(load.slice(-third))]
}

/** As each caller was told, by what the history says. */
export interface Ended {
  readonly id: string
  readonly status: string
  readonly completed_at: number | null
}

/** Every task that was accepted ended, once. `counted`: how many ends the service has counted. */
export function lostTasks(
  accepted: ReadonlySet<string>,
  history: readonly Ended[],
  counted: number,
): string[] {
  const known = new Map(history.map((task) => [task.id, task]))
  const lost = [...accepted].filter((id) => !known.has(id))
  const open = history.filter(({ completed_at }) => completed_at === null)
  return [
    ...(known.size < history.length ? ['a task is in the history twice'] : []),
    ...lost.slice(0, 5).map((id) => `${id} was accepted, and is not in the history`),
    ...open.slice(0, 5).map(({ id, status }) => `${id} has not ended: ${status}`),
    ...(counted === history.length
      ? []
      : [`${counted} ends were counted, of ${history.length} tasks`]),
  ]
}
