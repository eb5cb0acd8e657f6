import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { exposition, LINES_A_TURN, type Format } from '../../src/telemetry/exposition.ts'
import {
  counter,
  gauge,
  gauges,
  histogramSamples,
  type Family,
} from '../../src/telemetry/family.ts'
import { Histogram } from '../../src/telemetry/histogram.ts'
import { readMetricsPage } from '../support/metrics-page.ts'

const turns = { soon: (callback: () => void) => void setImmediate(callback) }

async function text(families: Iterable<Family>, format: Format): Promise<string> {
  return Buffer.concat(await exposition(families, format, turns)).toString()
}

function durations(...seconds: number[]): Family {
  const histogram = new Histogram([0.1, 1])
  for (const each of seconds) histogram.observe(each)
  const name = 'x_duration_seconds'
  const samples = () => histogramSamples(name, { droplet: 'a' }, histogram)
  return { name, type: 'histogram', help: 'How long', samples }
}

const FAMILIES = [
  counter('x_tasks_total', 'Tasks', 3),
  gauges('x_depth', 'How many', 'state', { queued: 1, running: 2.5 }),
  durations(0.1, 0.2, 5),
  gauge('x_age_seconds', 'How old', null),
]

test('OpenMetrics: a counter without its end, units, and the end of the page', async () => {
  expect(await text(FAMILIES, 'openMetrics')).toBe(`# HELP x_tasks Tasks
# TYPE x_tasks counter
x_tasks_total 3
# HELP x_depth How many
# TYPE x_depth gauge
x_depth{state="queued"} 1
x_depth{state="running"} 2.5
# HELP x_duration_seconds How long
# TYPE x_duration_seconds histogram
# UNIT x_duration_seconds seconds
x_duration_seconds_bucket{droplet="a",le="0.1"} 1
x_duration_seconds_bucket{droplet="a",le="1.0"} 2
x_duration_seconds_bucket{droplet="a",le="+Inf"} 3
x_duration_seconds_sum{droplet="a"} 5.3
x_duration_seconds_count{droplet="a"} 3
# HELP x_age_seconds How old
# TYPE x_age_seconds gauge
# UNIT x_age_seconds seconds
# EOF
`)
})

test('the text format has the same lines', async () => {
  const lines = (await text(FAMILIES, 'text')).split('\n')
  expect(lines.slice(0, 3)).toEqual([
    '# HELP x_tasks_total Tasks',
    '# TYPE x_tasks_total counter',
    'x_tasks_total 3',
  ])
  const samples = (page: string) => readMetricsPage(page).lines
  expect(samples(await text(FAMILIES, 'text'))).toEqual(
    samples(await text(FAMILIES, 'openMetrics')),
  )
  expect(lines.filter((line) => /UNIT|EOF/.test(line))).toEqual([])
})

test('any text can be the value of a label', async () => {
  const value = fc.string({
    unit: fc.oneof(
      fc.constantFrom('"', '\\', '\n', '\r', '{', '}', ',', 'n'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  })
  await fc.assert(
    fc.asyncProperty(value, fc.constantFrom('text', 'openMetrics'), async (given, format) => {
      const page = await text([gauges('x', 'X', 'droplet', { [given]: 1, 'the next': 2 })], format)
      expect(
        readMetricsPage(page)
          .lines.map(({ labels }) => labels.droplet)
          .sort(),
      ).toEqual([given, 'the next'].sort())
    }),
    { numRuns: 300 },
  )
})

test('however many lines there are, a turn of the event loop makes so many at most', async () => {
  let pulled = 0
  const slices: number[] = []
  const countingTurns = {
    soon(callback: () => void) {
      slices.push(pulled)
      pulled = 0
      turns.soon(callback)
    },
  }
  function* samples() {
    for (let n = 0; n < 30_000; n++) {
      pulled++
      // Most droplets may be without a line.
      yield n % 3 === 0 ? { labels: { n: String(n) }, value: n } : null
    }
  }
  const big: Family = { name: 'x', type: 'gauge', help: 'X', samples }
  const small = Array.from({ length: 3000 }, (_, n) => gauge(`small_${n}`, 'X', n))
  const page = await exposition([big, ...small], 'openMetrics', countingTurns)
  expect(slices.length).toBe((30_000 + 3000) / LINES_A_TURN)
  expect(Math.max(...slices, pulled)).toBeLessThanOrEqual(LINES_A_TURN)
  const { lines, types } = readMetricsPage(Buffer.concat(page).toString())
  expect([lines.length, Object.keys(types).length]).toEqual([13_000, 3001])
  expect(lines.filter(({ name }) => name === 'x').map(({ value }) => value)).toEqual(
    Array.from({ length: 10_000 }, (_, n) => n * 3),
  )
})

test('a histogram that counts on between two slices is written as it was at its first line', async () => {
  const histogram = new Histogram([1])
  const lines = histogramSamples('x', {}, histogram)
  const first = lines.next().value
  histogram.observe(2)
  expect([first, ...lines].map((each) => each!.value)).toEqual([0, 0, 0, 0])
})
