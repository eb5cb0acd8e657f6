/** How it is now, and how it was in the last 15 minutes: read once, then added to by events. */
import { computed, signal, type ReadonlySignal } from '@preact/signals'
import type { LiveEvent, Overview, OverviewEvent } from '../../../client/types.ts'
import type { Interest, Live } from './live.ts'
import type { Session } from './session.ts'

export type Series = Overview['series']
type Now = Omit<OverviewEvent, 'point'>

/** As many points as the service keeps of the last 15 minutes. */
const MAX_POINTS = 900

export class OverviewStore implements Interest {
  readonly kinds = ['overview'] as const
  readonly #version = signal<string | null>(null)
  readonly #now = signal<Now | null>(null)
  readonly #series = signal<Series | null>(null)
  readonly #error = signal<unknown>(null)
  readonly version: ReadonlySignal<string | null> = this.#version
  /** null: not read yet. */
  readonly now: ReadonlySignal<Now | null> = this.#now
  /** A new object with every point, with columns that are never changed. */
  readonly series: ReadonlySignal<Series | null> = this.#series
  /** Why it could not be read; null: it could. */
  readonly error: ReadonlySignal<unknown> = this.#error
  readonly problems = computed(() => this.#now.value?.problems ?? [])
  #isReading = false

  constructor(
    private readonly session: Session,
    live: Live,
  ) {
    live.subscribe(this)
  }

  read(): void {
    if (!this.#isReading) void this.#read()
  }

  event(event: LiveEvent): void {
    if (event.type !== 'overview') return
    const { point, ...now } = event.data
    this.#now.value = now
    this.#error.value = null
    const series = this.#series.peek()
    if (series) this.#add(series, point)
  }

  async #read(): Promise<void> {
    this.#isReading = true
    const client = this.session.client.peek()
    try {
      const { series, access, version, ...now } = await client.overview({ span: '15m' })
      if (client !== this.session.client.peek()) return
      this.session.access.value = access
      this.#version.value = version
      this.#now.value = now
      this.#series.value = series
      this.#error.value = null
    } catch (error) {
      this.#error.value = error
    } finally {
      this.#isReading = false
    }
  }

  #add(series: Series, point: OverviewEvent['point']): void {
    const missed = point.time - (series.time.at(-1) ?? -Infinity)
    if (missed <= 0) return
    // The tab slept, or the network did.
    if (missed > 2 * series.interval_seconds) return this.read()
    this.#series.value = withPoint(series, point)
  }
}

function withPoint(series: Series, point: OverviewEvent['point']): Series {
  const add = <T>(column: readonly T[], value: T) => [...column.slice(1 - MAX_POINTS), value]
  return {
    interval_seconds: series.interval_seconds,
    time: add(series.time, point.time),
    ended: add(series.ended, point.ended),
    failed: add(series.failed, point.failed),
    p50_ms: add(series.p50_ms, point.p50_ms),
    p95_ms: add(series.p95_ms, point.p95_ms),
    p99_ms: add(series.p99_ms, point.p99_ms),
    queued: add(series.queued, point.queued),
    running: add(series.running, point.running),
    oldest_task_age_seconds: add(series.oldest_task_age_seconds, point.oldest_task_age_seconds),
  }
}
