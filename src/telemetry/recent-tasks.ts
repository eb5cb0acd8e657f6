/** What has become of the tasks lately: the numbers of the page's charts. */
import type { Load } from '../delivery/load.ts'
import type { Clock } from '../ports.ts'
import type { Task } from '../task.ts'
import { Series } from './series.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000

/** How far back, each with its own step. */
export const SPANS = ['15m', '24h'] as const
export type Span = (typeof SPANS)[number]

export class RecentTasks {
  readonly spans: Readonly<Record<Span, Series>>

  /** `load`: asked once a second, by `sample`. */
  constructor(
    clock: Pick<Clock, 'now' | 'monotonic'>,
    private readonly load: () => Load,
  ) {
    this.spans = {
      '15m': new Series(clock, 15 * 60, SECOND_MS),
      '24h': new Series(clock, 24 * 60, MINUTE_MS),
    }
  }

  ended({ status, durationMs }: Pick<Task, 'status' | 'durationMs'>): void {
    const hasFailed = status === 'error' || status === 'timeout'
    this.spans['15m'].end(durationMs ?? 0, hasFailed)
    this.spans['24h'].end(durationMs ?? 0, hasFailed)
  }

  /** To be called about once a second. What there is to be done now. */
  sample(): Load {
    const load = this.load()
    this.spans['15m'].sample(load)
    this.spans['24h'].sample(load)
    return load
  }
}
