/** How it is now, and how it was in the last 15 minutes: read once, then added to by events. */
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'
import type { OrchestratorClient } from '../../../client/client.ts'
import type { LiveEvent, Overview, OverviewEvent } from '../../../client/types.ts'
import type { Interest, Live } from './live.ts'
import type { Session } from './session.ts'

export type Series = Overview['series']
type Point = NonNullable<OverviewEvent['point']>
type Now = Omit<OverviewEvent, 'point'>
type Service = Pick<Overview, 'version' | 'node'>

/** As many points as the service keeps of the last 15 minutes. */
const MAX_POINTS = 900
/** A difference of clocks that is worth correcting. */
const SKEW_MS = 1000

export class OverviewStore implements Interest {
  readonly kinds = ['overview'] as const
  readonly #service = signal<Service | null>(null)
  readonly #now = signal<Now | null>(null)
  readonly #series = signal<Series | null>(null)
  readonly #error = signal<unknown>(null)
  readonly #skewMs = signal(0)
  /** Who answers; null: not read yet. */
  readonly service: ReadonlySignal<Service | null> = this.#service
  /** null: not read yet. */
  readonly now: ReadonlySignal<Now | null> = this.#now
  /** A new object with every point, with columns that are never changed. */
  readonly series: ReadonlySignal<Series | null> = this.#series
  /** Why it could not be read; null: it could. */
  readonly error: ReadonlySignal<unknown> = this.#error
  /** How far the service's clock is ahead of the browser's, ms. */
  readonly skewMs: ReadonlySignal<number> = this.#skewMs
  readonly problems = computed(() => this.#now.value?.problems ?? [])
  #reading: OrchestratorClient | null = null

  constructor(
    private readonly session: Session,
    live: Live,
  ) {
    live.subscribe(this)
    // What one token may see is nothing for the next.
    effect(() => {
      if (session.client.value) this.#forget()
    })
  }

  read(): void {
    const client = this.session.client.peek()
    if (this.#reading !== client) void this.#read(client)
  }

  event(event: LiveEvent): void {
    if (event.type !== 'overview') return
    const { point, ...now } = event.data
    this.#set(now)
    const series = this.#series.peek()
    if (series && point) this.#add(series, point)
  }

  /** Resolves when the clock of the service is known, or cannot be. */
  whenKnown(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = effect(() => {
      if (this.#now.value !== null || this.#error.value !== null) resolve()
    })
    return promise.finally(stop)
  }

  #forget(): void {
    this.#service.value = null
    this.#now.value = null
    this.#series.value = null
    this.#error.value = null
  }

  async #read(client: OrchestratorClient): Promise<void> {
    this.#reading = client
    const isLate = () => client !== this.session.client.peek()
    try {
      const { series, access, version, node, ...now } = await client.overview({ span: '15m' })
      if (isLate()) return
      this.session.access.value = access
      this.#service.value = { version, node }
      this.#series.value = joined(this.#series.peek(), series)
      this.#set(now)
    } catch (error) {
      if (!isLate()) this.#error.value = error
    } finally {
      if (this.#reading === client) this.#reading = null
    }
  }

  #set(now: Now): void {
    this.#now.value = now
    this.#error.value = null
    const skewMs = now.time * 1000 - Date.now()
    // The way here takes a little, now more, now less.
    if (Math.abs(skewMs - this.#skewMs.peek()) > SKEW_MS) this.#skewMs.value = skewMs
  }

  #add(series: Series, point: Point): void {
    const missed = point.time - (series.time.at(-1) ?? -Infinity)
    // It is sent again to whoever comes.
    if (missed < series.interval_seconds / 2) return
    // The tab slept, or the network did.
    if (missed > 2 * series.interval_seconds) return this.read()
    this.#series.value = withPoint(series, point)
  }
}

const COLUMNS = [
  'time',
  'ended',
  'failed',
  'p50_ms',
  'p95_ms',
  'p99_ms',
  'queued',
  'running',
  'oldest_task_age_seconds',
] as const satisfies readonly (keyof Series)[]

type Columns = Record<(typeof COLUMNS)[number], (number | null)[]>

function mapColumns(change: (name: keyof Columns) => (number | null)[]): Columns {
  return Object.fromEntries(COLUMNS.map((name) => [name, change(name)])) as Columns
}

function withPoint(series: Series, point: Point): Series {
  const columns = mapColumns((name) => [...series[name].slice(1 - MAX_POINTS), point[name]])
  return { ...series, ...columns } as Series
}

/** A service that was started again knows nothing of before; the page does. */
function joined(old: Series | null, series: Series): Series {
  const first = series.time[0]
  if (!old || first === undefined) return series
  const kept = old.time.findLastIndex((time) => time < first - series.interval_seconds / 2) + 1
  const columns = mapColumns((name) =>
    [...old[name].slice(0, kept), ...series[name]].slice(-MAX_POINTS),
  )
  return { ...series, ...columns } as Series
}
