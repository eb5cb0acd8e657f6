/** Two services under the same load, in turns: what the machine does meanwhile happens to both. */
import type { LoadResult } from './load.ts'
import { median } from './report.ts'

export interface Pairs {
  relay: LoadResult
  ours: LoadResult
  /** Ours per second over the relay's, the median over the pairs. */
  ratio: number
  rounds: number
}

/** `goOn` is asked before each round but the first. */
export async function pairs(
  rounds: number,
  relay: () => Promise<LoadResult>,
  ours: () => Promise<LoadResult>,
  goOn: () => boolean = () => true,
): Promise<Pairs> {
  const relays: LoadResult[] = []
  const all: LoadResult[] = []
  while (all.length < rounds && (all.length === 0 || goOn())) {
    relays.push(await relay())
    all.push(await ours())
  }
  const ratio = medianRatio(all, relays)
  return { relay: medians(relays), ours: medians(all), ratio, rounds: all.length }
}

/** The median of what each `some` is per second over its counterpart. */
function medianRatio(some: readonly LoadResult[], others: readonly LoadResult[]): number {
  return median(some.map((each, index) => each.perSecond / others[index]!.perSecond))
}

export function medians(results: readonly LoadResult[]): LoadResult {
  const of = (key: keyof LoadResult) => median(results.map((result) => result[key]))
  const sum = (key: keyof LoadResult) => results.reduce((total, result) => total + result[key], 0)
  return {
    perSecond: of('perSecond'),
    requests: sum('requests'),
    refused: sum('refused'),
    lost: sum('lost'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    maxMs: Math.max(...results.map(({ maxMs }) => maxMs)),
  }
}
