import {
  freshDirectory,
  startDroplet,
  startOrchestrator,
  startProgram,
  type Bench,
  type Service,
} from '../bench.ts'
import { addCpuRatios, burst, inTurns } from '../burst.ts'
import { delays } from '../delays.ts'
import { stall } from '../stalls.ts'
import { taskBody } from '../tasks.ts'

const WATCHERS = '10'
/** As a caller sends it that traces what it does. */
const TRACED = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00' }

const WANTED = ['<=', 1.05] as const

/**
 * What it costs to be watched: ten pages, Prometheus, and callers that trace; and with traces sent
 * out, too. Beside a service that nobody watches, twice: what one of them is above the other is
 * chance. Then how long an event takes to whoever watches.
 */
export async function operate(bench: Bench): Promise<void> {
  const { report, quick } = bench
  await using droplet = await startDroplet(bench)
  await using collector = await startProgram(bench, 'collector', 'collector.ts', {})
  const start = (name: string, env: Record<string, string> = {}) => {
    const directory = freshDirectory(bench, `operate-${name}`)
    return startOrchestrator(bench, { directory, droplets: { bench: droplet }, env })
  }
  await using without = await start('without')
  await using again = await start('again')
  await using watched = await start('watched')
  const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  await using traced = await start('traced', traces)
  await using sampled = await start('sampled', { ...traces, OTEL_TRACES_SAMPLER_ARG: '0.1' })
  const watchersOf = (url: string, name: string) =>
    startProgram(bench, name, 'watchers.ts', { URL: url, WATCHERS })
  await using _watching = await watchersOf(watched.url, 'watchers')
  await using _watchingToo = await watchersOf(sampled.url, 'watchers-sampled')

  const options = { body: taskBody('bench'), connections: 64, seconds: quick ? 1 : 2 }
  const measured = await inTurns(quick ? 2 : 9, {
    without: () => burst(without, options),
    'without, again': () => burst(again, options),
    'ten pages, Prometheus': () => burst(watched, { ...options, headers: TRACED }),
    'and a tenth of the traces sent out': () => burst(sampled, options),
    'all traces sent out': () => burst(traced, options),
  })

  addCpuRatios(report, measured, (name) => (name === 'ten pages, Prometheus' ? WANTED : null))

  const { p50Ms, p99Ms } = await delays(watched, quick ? 50 : 500)
  report.add('from the answer to the event, p50', p50Ms, 'ms')
  report.add('from the answer to the event, p99', p99Ms, 'ms', ['<', 100])
  await scrapes(bench, droplet)
}

const DROPLETS = 200
const OPEN_METRICS = { headers: { accept: 'application/openmetrics-text;version=1.0.0' } }

/** What a scrape of as many droplets as have names by default costs the others. */
async function scrapes(bench: Bench, droplet: Service): Promise<void> {
  const { report, quick } = bench
  const names = Array.from({ length: DROPLETS }, (_, index) => `droplet-${index}`)
  const droplets = Object.fromEntries(names.map((name) => [name, droplet]))
  const directory = freshDirectory(bench, 'operate-scrapes')
  await using ours = await startOrchestrator(bench, { directory, droplets })
  const body = (name: string) => ({ method: 'POST', body: taskBody(name) })
  for (const name of names) await fetch(`${ours.url}/orchestrator/tasks`, body(name))
  const ask = (path: string, init = {}) =>
    fetch(`${ours.url}/orchestrator/${path}`, init).then((answer) => answer.text())
  const rounds = quick ? 5 : 30
  const idle = await stall(ours, () => ask('health'), rounds)
  const scraped = await stall(ours, () => ask('metrics', OPEN_METRICS), rounds)
  report.add(`/health while ${DROPLETS} droplets are scraped, slowest`, scraped, 'ms', ['<', 20])
  report.add('the same beside a request that costs nothing', idle, 'ms')
}
