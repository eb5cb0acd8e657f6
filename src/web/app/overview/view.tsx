import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { useApp } from '../state/app.ts'
import type { Series } from '../state/overview.ts'
import { useRead } from '../state/use-read.ts'
import { clockTime, dayTime, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { useRowKeys } from '../ui/row-keys.ts'
import { ErrorBox, Loading } from '../ui/states.tsx'
import { bucketsOf, lastMinute } from './buckets.ts'
import { Chart } from './chart.tsx'
import { CHARTS } from './charts.ts'
import { FirstSteps } from './first-steps.tsx'
import { AllWell, Problems } from './problems.tsx'
import { SPANS, spanOf, SpanSwitch, type Span } from './span.tsx'
import { useIsUnused } from './unused.ts'

export function OverviewView() {
  const { overview } = useApp()
  const isUnused = useIsUnused()
  useRowKeys()
  const now = overview.now.value
  const series = overview.series.value
  const error = overview.error.value
  if (!now || !series) {
    return error ? (
      <ErrorBox error={error} title="The overview cannot be read" retry={() => overview.read()} />
    ) : (
      <Loading what="Reading the overview" />
    )
  }
  const { problems } = now
  return (
    <div class="overview">
      <div class="page-head">
        <Headline wrong={problems.length} />
        {problems.length === 0 && !isUnused ? (
          <AllWell tasks={now.tasks} droplets={now.droplets} />
        ) : null}
        {isUnused ? null : <SpanSwitch />}
      </div>
      {problems.length > 0 ? <Problems problems={problems} /> : null}
      {isUnused ? <FirstSteps /> : <Charts live={series} />}
    </div>
  )
}

/** Without a connection it is not known how it is, only how it was. */
function Headline({ wrong }: { wrong: number }) {
  const { live } = useApp()
  const connection = live.connection.value
  const isLost = connection.kind === 'lost'
  const [well, wrongs] = isLost
    ? ['All was well', plural(wrong, 'thing was', 'things were')]
    : ['All is well', plural(wrong, 'thing is', 'things are')]
  const tone = isLost ? 'past' : wrong > 0 ? 'wrong' : 'well'
  return (
    <div role="status">
      <h1 class={`headline ${tone}`}>
        <Icon name={isLost ? 'clock' : wrong > 0 ? 'warning' : 'check'} />
        {wrong > 0 ? `${wrongs} wrong` : well}
        {isLost ? ` at ${clockTime(connection.since / 1000)}` : ''}
      </h1>
    </div>
  )
}

function Charts({ live }: { live: Series }) {
  const { router } = useApp()
  const span = spanOf(router.location.value.query)
  return span === '15m' ? <Board span={span} series={live} live={live} /> : <Day live={live} />
}

/** Read when it is looked at, and once a minute as long as it is. */
function Day({ live }: { live: Series }) {
  const { clock } = useApp()
  const { value, error, reload } = useRead('24h', (client, signal) =>
    client.overview({ span: '24h' }, signal),
  )
  const minute = Math.floor(clock.value / 60_000)
  const readIn = useRef(minute)
  useEffect(() => {
    if (readIn.current === minute) return
    readIn.current = minute
    reload()
  }, [minute])
  if (value) return <Board span="24h" series={value.series} live={live} />
  return error ? <ErrorBox error={error} retry={reload} /> : <Loading what="Reading the last day" />
}

function Board({ span, series, live }: { span: Span; series: Series; live: Series }) {
  const { overview } = useApp()
  const pointed = useSignal<number | null>(null)
  const { time, tasks } = overview.now.value!
  const buckets = useMemo(() => bucketsOf(series, SPANS[span].seconds, time), [series, span])
  const now = {
    ...lastMinute(live),
    queued: tasks.queued,
    running: tasks.running,
    age: tasks.oldest_task_age_seconds,
  }
  return (
    <div class="charts">
      {CHARTS.map((spec) => (
        <Chart key={spec.title} spec={spec} buckets={buckets} now={now} pointed={pointed} />
      ))}
      <When buckets={buckets} index={pointed.value} />
    </div>
  )
}

function When({ buckets, index }: { buckets: readonly { time: number }[]; index: number | null }) {
  const { session } = useApp()
  const at = index === null ? undefined : buckets[index]
  const isPart = (session.access.value?.droplets ?? null) !== null
  return (
    <p class="when quiet small">
      {at
        ? `The numbers are of ${dayTime(at.time)}.`
        : 'The numbers are of now: rates and durations of the last minute. Point at a chart for others.'}
      {isPart ? ' They are of the droplets of your token, from when it first looked at them.' : ''}
    </p>
  )
}
