/**
 * How often a duration was within each of the bounds. Plain numbers, since prom-client's own
 * histogram costs 1 to 2.5 µs an observation, a third to all of what metrics may cost a task.
 */
export class Histogram {
  /** By bucket, each without those before it; the last: above all bounds. */
  readonly counts: Float64Array
  sum = 0

  /** `bounds`: seconds, ascending; a duration that is equal to one is within it. */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(seconds: number): void {
    const { bounds } = this
    let bucket = 0
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++
    this.counts[bucket]!++
    this.sum += seconds
  }

  get count(): number {
    return this.counts.reduce((sum, each) => sum + each, 0)
  }
}

/** Those of OpenTelemetry's semantic conventions for requests over HTTP, seconds. */
export const HTTP_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Tasks have retries, and waits between them. */
export const TASK_BOUNDS: readonly number[] = [...HTTP_BOUNDS, 30, 60, 300]
