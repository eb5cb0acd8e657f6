/** The metrics of a scrape, before they are text. */
import type { Histogram } from './histogram.ts'

export type Labels = Readonly<Record<string, string>>

/** A line. `name`: where it is not the family's. */
export interface Sample {
  readonly name?: string
  readonly labels: Labels
  readonly value: number
}

/** All series of one name. */
export interface Family {
  /** Ends in its unit; a counter's in `_total`. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** A sentence for people, without quotes and without a full stop. */
  readonly help: string
  /** null: no line, but a step of the work. */
  readonly samples: () => Iterable<Sample | null>
}

/** Of one series; null: its value is not known. */
export function gauge(name: string, help: string, value: number | null): Family {
  return single('gauge', name, help, value)
}

/** Of one series. */
export function counter(name: string, help: string, value: number): Family {
  return single('counter', name, help, value)
}

type Values = Readonly<Record<string, number>>

/** Of a series for each value of the label. */
export function gauges(name: string, help: string, label: string, values: Values): Family {
  return byLabel('gauge', name, help, label, values)
}

/** Of a series for each value of the label. */
export function counters(name: string, help: string, label: string, values: Values): Family {
  return byLabel('counter', name, help, label, values)
}

function single(type: Family['type'], name: string, help: string, value: number | null): Family {
  const samples = () => (value === null ? [] : [{ labels: {}, value }])
  return { name, type, help, samples }
}

function byLabel(
  type: Family['type'],
  name: string,
  help: string,
  label: string,
  values: Values,
): Family {
  const samples = () =>
    Object.entries(values).map(([each, value]) => ({ labels: { [label]: each }, value }))
  return { name, type, help, samples }
}

/** The lines of one histogram as it is at the first of them: each bucket holds those before it. */
export function* histogramSamples(
  name: string,
  labels: Labels,
  { bounds, counts, sum }: Histogram,
): Generator<Sample, void> {
  let count = 0
  for (const [index, each] of counts.slice().entries()) {
    count += each
    yield {
      name: `${name}_bucket`,
      labels: { ...labels, le: boundText(bounds[index]) },
      value: count,
    }
  }
  yield { name: `${name}_sum`, labels, value: sum }
  yield { name: `${name}_count`, labels, value: count }
}

/** As OpenMetrics writes it, in the older format too: else its series would change with the format. */
function boundText(bound: number | undefined): string {
  if (bound === undefined) return '+Inf'
  return Number.isInteger(bound) ? `${bound}.0` : String(bound)
}
