/** What has become of tasks and attempts since start, by droplet; of the first droplets only. */
import type { Directory } from '../droplets/directory.ts'
import { nameKey, SLICE } from '../droplets/droplet.ts'
import type { AttemptResult, EventBus } from '../events.ts'
import type { Work } from '../platform/turns.ts'
import type { FinalStatus, Task } from '../task.ts'
import { textFault } from '../text-fault.ts'
import { Histogram, HTTP_BOUNDS, TASK_BOUNDS } from './histogram.ts'

/** What stands for all droplets without a name in the metrics. */
export const OTHER = 'other'

/** In the words of tasks; `error` is an answer with a status of 500 or more. */
export type AttemptLabel =
  'success' | 'error' | 'timeout' | 'unreachable' | 'cancelled' | 'interrupted'

export interface Durations {
  readonly attempts: Histogram
  readonly tasks: Histogram
}

/** The numbers of one droplet, or of all others. */
export interface DropletNumbers {
  /** The droplet's name as it came first, or OTHER. */
  readonly label: string
  readonly tasks: Record<FinalStatus, number>
  readonly attempts: Record<AttemptLabel, number>
  /** Beyond MAX_HISTOGRAMS droplets those of all others. */
  readonly durations: Durations
}

/**
 * A droplet's durations are some 40 lines of a scrape, its counters 12: more droplets than these
 * have only counters of their own.
 */
export const MAX_HISTOGRAMS = 200

/**
 * Counts a task in 0.2 µs. A droplet gets its name when it is first heard of, while there are
 * fewer than `maxNamed`, and keeps it for as long as it is listed; then the next scrape may give
 * the place to one that is listed (`follow`), and the numbers of the old one end with its name:
 * added to those of the others, they would look like a burst of tasks.
 */
export class DropletMetrics {
  readonly other = numbersOf(OTHER, newDurations())
  readonly #named = new Map<string, DropletNumbers>()
  #histograms = 0
  #followed: Directory | null = null

  constructor(
    events: EventBus,
    private readonly maxNamed: number,
  ) {
    events.on('attempt ended', ({ task, result }) => this.#recordAttempt(task, result))
    events.on('ended', ({ task }) => this.#recordEnd(task))
  }

  /** Those of droplets with a name; without the others. */
  get named(): Iterable<DropletNumbers> {
    return this.#named.values()
  }

  /** `name`: in any case. Those of the others, if it has no name here. */
  of(name: string): DropletNumbers {
    return this.#named.get(nameKey(name)) ?? this.other
  }

  /** Gives names to the droplets of the list, also to those that no task was sent to. */
  *follow(directory: Directory): Work<void> {
    if (directory === this.#followed) return
    const nameless: string[] = []
    for (const [index, { name }] of directory.droplets.entries()) {
      const needsName = this.#numbersFor(name) === this.other && canBeNamed(name)
      if (needsName && nameless.length < this.maxNamed) nameless.push(name)
      if ((index + 1) % SLICE === 0) yield
    }
    if (nameless.length > 0) yield* this.#makeWay(directory, nameless)
    this.#followed = directory
  }

  *#makeWay(directory: Directory, nameless: readonly string[]): Work<void> {
    let seen = 0
    for (const [key, numbers] of this.#named) {
      if (!directory.find(key)) this.#forget(key, numbers)
      if (++seen % SLICE === 0) yield
    }
    for (const name of nameless) this.#numbersFor(name)
  }

  #forget(key: string, { durations }: DropletNumbers): void {
    this.#named.delete(key)
    if (durations !== this.other.durations) this.#histograms--
  }

  #numbersFor(name: string): DropletNumbers {
    const key = nameKey(name)
    return this.#named.get(key) ?? this.#add(key, name)
  }

  #add(key: string, name: string): DropletNumbers {
    if (this.#named.size >= this.maxNamed || !canBeNamed(name)) return this.other
    const hasHistograms = this.#histograms < MAX_HISTOGRAMS
    if (hasHistograms) this.#histograms++
    const numbers = numbersOf(name, hasHistograms ? newDurations() : this.other.durations)
    this.#named.set(key, numbers)
    return numbers
  }

  #recordAttempt({ dropletName }: Task, result: AttemptResult): void {
    const { attempts, durations } = this.#numbersFor(dropletName)
    attempts[attemptLabel(result)]++
    durations.attempts.observe(result.durationMs / 1000)
  }

  #recordEnd({ dropletName, status, durationMs }: Task): void {
    const { tasks, durations } = this.#numbersFor(dropletName)
    tasks[status as FinalStatus]++
    durations.tasks.observe((durationMs ?? 0) / 1000)
  }
}

function attemptLabel({ outcome, status }: AttemptResult): AttemptLabel {
  if (outcome !== 'answered') return outcome
  return status !== null && status >= 500 ? 'error' : 'success'
}

/** A droplet that is called `other` is one of the others; tasks of earlier versions may have any. */
function canBeNamed(name: string): boolean {
  return nameKey(name) !== OTHER && textFault(name) === null
}

function numbersOf(label: string, durations: Durations): DropletNumbers {
  return {
    label,
    tasks: { success: 0, error: 0, timeout: 0, cancelled: 0 },
    attempts: { success: 0, error: 0, timeout: 0, unreachable: 0, cancelled: 0, interrupted: 0 },
    durations,
  }
}

function newDurations(): Durations {
  return { attempts: new Histogram(HTTP_BOUNDS), tasks: new Histogram(TASK_BOUNDS) }
}
