/** What the charts show: each line by its name, colour and number. */
import { count, decimal, duration, longDuration, NONE, shortCount } from '../ui/format.ts'
import type { ColourName } from './palette.ts'
import { MILLISECONDS, SECONDS, timeTick, WHOLE } from './steps.ts'
import type { Bucket } from './buckets.ts'

export interface Line {
  readonly label: string
  readonly colour: ColourName
  readonly value: (bucket: Bucket) => number | null
  readonly isFilled?: true
}

export interface ChartSpec {
  readonly title: string
  /** What the numbers are of, in words. */
  readonly about: string
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
  /** On the axis, where there is little room. */
  readonly tick: (value: number) => string
  /** Of what is a time, or is counted: where the lines of its axis may be, in its unit. */
  readonly steps?: readonly number[]
  /** The least that the axis reaches to, so that small numbers don't look large. */
  readonly atLeast: number
  /** The most that there can be. */
  readonly atMost?: number
}

const known = (bucket: Bucket, value: number) => (bucket.seconds === 0 ? null : value)
const rate = (of: 'ended' | 'failed') => (bucket: Bucket) =>
  known(bucket, bucket[of] / bucket.seconds)

export const CHARTS: readonly ChartSpec[] = [
  {
    title: 'Throughput',
    about: 'Tasks that end',
    lines: [
      { label: 'ended', colour: 'accent', value: rate('ended'), isFilled: true },
      { label: 'failed', colour: 'bad', value: rate('failed'), isFilled: true },
    ],
    format: perTime,
    tick: (value) => `${smallTick(value)}/s`,
    atLeast: 1,
  },
  {
    title: 'Duration',
    about: 'From acceptance to end',
    lines: [
      { label: 'p50', colour: 'accent', value: ({ p50 }) => p50 },
      { label: 'p95', colour: 'warn', value: ({ p95 }) => p95 },
      { label: 'p99', colour: 'violet', value: ({ p99 }) => p99 },
    ],
    format: duration,
    tick: (value) => timeTick(value / 1000),
    steps: MILLISECONDS,
    atLeast: 10,
  },
  {
    title: 'Error rate',
    about: 'Of the tasks that end',
    lines: [{ label: 'failed', colour: 'bad', value: errorPercent, isFilled: true }],
    format: (value) => `${decimal(value)} %`,
    tick: (value) => `${smallTick(value)} %`,
    atLeast: 1,
    atMost: 100,
  },
  {
    title: 'Queue',
    about: 'Tasks under way',
    lines: [
      { label: 'queued', colour: 'accent', value: ({ queued }) => queued, isFilled: true },
      { label: 'running', colour: 'good', value: ({ running }) => running },
    ],
    format: count,
    tick: shortCount,
    steps: WHOLE,
    atLeast: 5,
  },
  {
    title: 'Oldest task',
    about: 'How long it has waited',
    lines: [{ label: 'age', colour: 'violet', value: oldest, isFilled: true }],
    format: longDuration,
    tick: timeTick,
    steps: SECONDS,
    atLeast: 5,
  },
]

/** The number in words; what is not known is a dash. */
export function inWords({ format }: ChartSpec, value: number | null): string {
  return value === null ? NONE : format(value)
}

/** None that waits is no gap. */
function oldest(bucket: Bucket): number | null {
  return bucket.queued === null ? null : (bucket.age ?? 0)
}

/** null where none has ended: that is neither good nor bad. */
function errorPercent({ ended, failed }: Bucket): number | null {
  return ended === 0 ? null : (failed / ended) * 100
}

/** A service with little to do has some a minute. */
function perTime(perSecond: number): string {
  if (perSecond === 0) return '0'
  if (perSecond >= 1) return `${decimal(perSecond)} /s`
  return `${decimal(perSecond * 60)} /min`
}

function smallTick(value: number): string {
  return value < 10 ? String(Number(value.toFixed(2))) : shortCount(value)
}
