/** What a scrape tells of each droplet. */
import type { DropletHealth } from '../droplets/health.ts'
import type { MeshGate } from '../droplets/mesh-gate.ts'
import type { Registry } from '../registry/registry.ts'
import { OTHER, type DropletMetrics, type DropletNumbers } from './droplet-metrics.ts'
import { histogramSamples, type Family, type Sample } from './family.ts'
import type { Histogram } from './histogram.ts'

export interface DropletSources {
  readonly droplets: DropletMetrics
  readonly registry: Pick<Registry, 'directory'>
  readonly health: Pick<DropletHealth, 'of'>
  readonly gate: Pick<MeshGate, 'of'>
}

export function dropletFamilies(sources: DropletSources): Family[] {
  return [...counterFamilies(sources), ...histogramFamilies(sources), ...stateFamilies(sources)]
}

function counterFamilies({ droplets }: DropletSources): Family[] {
  return [
    {
      name: 'orchestrator_tasks_total',
      type: 'counter',
      help: 'Tasks that have ended, by their final status',
      samples: () => countSamples(droplets, 'status', ({ tasks }) => tasks),
    },
    {
      name: 'orchestrator_attempts_total',
      type: 'counter',
      help: 'Requests to droplets that are over; an outcome of error is an answer with 5xx',
      samples: () => countSamples(droplets, 'outcome', ({ attempts }) => attempts),
    },
  ]
}

function histogramFamilies({ droplets }: DropletSources): Family[] {
  return [
    durationFamily(
      'orchestrator_attempt_duration_seconds',
      'How long requests to droplets took',
      droplets,
      ({ durations }) => durations.attempts,
    ),
    durationFamily(
      'orchestrator_task_duration_seconds',
      'How long tasks took until they ended, with their retries and the waits between them',
      droplets,
      ({ durations }) => durations.tasks,
    ),
  ]
}

function stateFamilies(sources: DropletSources): Family[] {
  const { health, gate } = sources
  const circuitOf = (name: string) => (gate.of(name).circuit === 'open' ? 1 : 0)
  const reachOf = (name: string) => {
    const { reachable } = health.of(name)
    return reachable === null ? null : Number(reachable)
  }
  return [
    {
      name: 'orchestrator_circuit_state',
      type: 'gauge',
      help: 'Whether the circuit of a droplet is open: 0 closed, 1 open; other: 1 if any is',
      samples: () => stateSamples(sources, circuitOf, Math.max),
    },
    {
      name: 'orchestrator_droplet_reachable',
      type: 'gauge',
      help: 'Whether a listed droplet answers: 1 or 0, absent while unknown; other: 0 if any is away',
      samples: () => stateSamples(sources, reachOf, Math.min),
    },
  ]
}

function* everyDroplet({ named, other }: DropletMetrics): Generator<DropletNumbers, void> {
  yield* named
  yield other
}

function* countSamples(
  droplets: DropletMetrics,
  label: 'status' | 'outcome',
  countsOf: (numbers: DropletNumbers) => Readonly<Record<string, number>>,
): Generator<Sample, void> {
  for (const numbers of everyDroplet(droplets)) {
    for (const [each, value] of Object.entries(countsOf(numbers))) {
      yield { labels: { droplet: numbers.label, [label]: each }, value }
    }
  }
}

function durationFamily(
  name: string,
  help: string,
  droplets: DropletMetrics,
  histogramOf: (numbers: DropletNumbers) => Histogram,
): Family {
  return {
    ...{ name, type: 'histogram', help },
    *samples() {
      const shared = histogramOf(droplets.other)
      for (const numbers of everyDroplet(droplets)) {
        const histogram = histogramOf(numbers)
        const isShown = numbers === droplets.other || (histogram !== shared && histogram.count > 0)
        if (isShown) yield* histogramSamples(name, { droplet: numbers.label }, histogram)
        else yield null
      }
    },
  }
}

/** Of the droplets that are listed; of all without a name the worst. */
function* stateSamples(
  { registry, droplets }: DropletSources,
  stateOf: (name: string) => number | null,
  worst: (one: number, other: number) => number,
): Generator<Sample | null, void> {
  let others: number | null = null
  for (const { name } of registry.directory().droplets) {
    const { label } = droplets.of(name)
    const value = stateOf(name)
    if (label !== OTHER) yield value === null ? null : { labels: { droplet: label }, value }
    else {
      others = value === null ? others : worst(others ?? value, value)
      yield null
    }
  }
  if (others !== null) yield { labels: { droplet: OTHER }, value: others }
}
