/** What one caller, or several who may see the same, can see of the service now. */
import type { DropletNames } from '../../access/droplet-names.ts'
import type { Engine } from '../../engine.ts'
import type { Clock } from '../../ports.ts'
import type { Task } from '../../task.ts'
import { ailingOf, problemsOf, type Ailing } from '../../telemetry/problems.ts'
import { RecentTasks, type Span } from '../../telemetry/recent-tasks.ts'
import type { Point, Series } from '../../telemetry/series.ts'
import { seconds, secondsOrNull } from '../seconds.ts'

type Sources = Pick<Engine, 'tasks' | 'registry' | 'health' | 'gate' | 'store'>

export class View {
  readonly #recent: RecentTasks
  readonly #isVisible: ((droplet: string) => boolean) | undefined

  /** `droplets`: those that may be seen; null: all. */
  constructor(
    private readonly sources: Sources,
    clock: Pick<Clock, 'now' | 'monotonic'>,
    droplets: DropletNames | null,
  ) {
    this.#isVisible = droplets === null ? undefined : (name) => droplets.has(name)
    this.#recent = new RecentTasks(clock, () => sources.tasks.load(this.#isVisible))
  }

  shows(droplet: string): boolean {
    return this.#isVisible === undefined || this.#isVisible(droplet)
  }

  ended(task: Task): void {
    if (this.shows(task.dropletName)) this.#recent.ended(task)
  }

  /** To be called about once a second. */
  sample(): void {
    this.#recent.sample()
  }

  now() {
    const load = this.sources.tasks.load(this.#isVisible)
    const ailing = this.#ailing()
    // Of what nobody has it is not known whose droplets it is for.
    const shared = this.#isVisible ? null : this.sources.store.shared
    return {
      problems: problemsOf(this.sources, ailing, load, shared),
      tasks: {
        queued: load.queued,
        running: load.running,
        oldest_task_age_seconds: secondsOrNull(load.oldestAgeMs),
      },
      droplets: this.#counts(),
    }
  }

  /** Of the last whole second. */
  point(): ReturnType<typeof pointView> | null {
    const { last } = this.#recent.spans['15m']
    return last && pointView(last)
  }

  series(span: Span) {
    return seriesView(this.#recent.spans[span])
  }

  /** Nobody is looked at one by one while all are well. */
  #ailing(): Ailing[] {
    const { registry, health, gate } = this.sources
    if (health.unreachableCount() === 0 && gate.stats().openCircuits === 0) return []
    const { droplets } = registry.directory()
    const visible = this.#isVisible ? droplets.filter(({ name }) => this.shows(name)) : droplets
    return ailingOf(visible, health, gate)
  }

  #counts() {
    const { registry, health } = this.sources
    const { droplets, size } = registry.directory()
    if (!this.#isVisible) {
      const [reachable, unreachable] = [health.reachableCount(), health.unreachableCount()]
      return { known: size, reachable, unreachable }
    }
    const visible = droplets.filter(({ name }) => this.shows(name))
    const reach = visible.map(({ name }) => health.of(name).reachable)
    const count = (wanted: boolean) => reach.filter((each) => each === wanted).length
    return { known: visible.length, reachable: count(true), unreachable: count(false) }
  }
}

function pointView({ time, ended, failed, p50, p95, p99, load }: Point) {
  return {
    time: seconds(time),
    ended,
    failed,
    p50_ms: p50,
    p95_ms: p95,
    p99_ms: p99,
    queued: load?.queued ?? null,
    running: load?.running ?? null,
    oldest_task_age_seconds: load ? secondsOrNull(load.oldestAgeMs) : null,
  }
}

/** In columns, as charts take them. */
function seriesView(series: Series) {
  const points = series.points.map(pointView)
  const column = <K extends keyof (typeof points)[number]>(name: K) =>
    points.map((point) => point[name])
  return {
    interval_seconds: seconds(series.stepMs),
    time: column('time'),
    ended: column('ended'),
    failed: column('failed'),
    p50_ms: column('p50_ms'),
    p95_ms: column('p95_ms'),
    p99_ms: column('p99_ms'),
    queued: column('queued'),
    running: column('running'),
    oldest_task_age_seconds: column('oldest_task_age_seconds'),
  }
}
