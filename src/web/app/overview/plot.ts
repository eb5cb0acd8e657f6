/** A chart on a canvas: uPlot with our colours and axes. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clockTime } from '../ui/format.ts'
import type { Bucket } from './buckets.ts'
import type { ChartSpec, Line } from './charts.ts'
import { niceMax, stepMax } from './steps.ts'
import { faint, type Palette } from './palette.ts'

export interface PlotOptions {
  spec: ChartSpec
  palette: () => Palette
  /** The bucket under the pointer, in this chart or in another one; null: there is none. */
  pointed: (index: number | null) => void
  size: { width: number; height: number }
}

/** All charts of the page have one cursor. */
const SYNC_KEY = 'overview'
const MINUTE = 60
const HOUR = 3600

export function createPlot(place: HTMLElement, options: PlotOptions): uPlot {
  const { spec, palette, pointed, size } = options
  const line = (line: Line) => seriesOf(line, palette)
  return new uPlot(
    {
      ...size,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: SYNC_KEY, setSeries: false },
        drag: { x: false, y: false },
        y: false,
        points: { size: 7, width: 2 },
      },
      scales: {
        x: { time: true },
        y: { range: (_, __, max) => [0, endOf(spec, max ?? 0)] },
      },
      axes: [timeAxis(palette), valueAxis(spec, palette)],
      series: [{}, ...spec.lines.map(line)],
      hooks: {
        setCursor: [({ cursor }) => pointed(isOver(cursor) ? (cursor.idx ?? null) : null)],
      },
    },
    [[], ...spec.lines.map(() => [])],
    place,
  )
}

export function setBuckets(plot: uPlot, { lines }: ChartSpec, buckets: readonly Bucket[]): void {
  const columns = lines.map(({ value }) => buckets.map(value))
  plot.setData([buckets.map(({ time }) => time), ...columns])
}

const isOver = ({ left }: uPlot.Cursor) => left !== undefined && left >= 0

function seriesOf({ colour, isFilled }: Line, palette: () => Palette): uPlot.Series {
  return {
    stroke: () => palette()[colour],
    width: 1.5,
    points: {
      size: 5,
      stroke: () => palette()[colour],
      fill: () => palette()[colour],
      filter: (plot, index) => alone(plot.data[index]!),
    },
    paths: uPlot.paths.linear!(),
    spanGaps: false,
    ...(isFilled ? { fill: () => faint(palette()[colour], 0.12) } : {}),
  }
}

/** Those between two gaps: no line goes through them. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  const isThere = (index: number) => (values[index] ?? null) !== null
  return Array.from(values, (_, index) => index).filter(
    (index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1),
  )
}

function timeAxis(palette: () => Palette): uPlot.Axis {
  return {
    stroke: () => palette().quiet,
    font: axisFont(),
    size: 28,
    space: 72,
    gap: 6,
    grid: { show: false },
    ticks: { show: false },
    incrs: [MINUTE, 2 * MINUTE, 3 * MINUTE, 5 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR],
    values: (_, splits) => splits.map((time) => clockTime(time).slice(0, 5)),
  }
}

function endOf({ steps, atLeast, atMost = Infinity }: ChartSpec, max: number): number {
  return Math.min(Math.max(steps ? stepMax(max, steps) : niceMax(max), atLeast), atMost)
}

function valueAxis({ tick, steps }: ChartSpec, palette: () => Palette): uPlot.Axis {
  return {
    stroke: () => palette().quiet,
    font: axisFont(),
    // Always the same, so that the charts stand one above the other.
    size: 60,
    space: ({ height }) => Math.max(30, height / 6),
    gap: 4,
    grid: { stroke: () => palette().line, width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((value) => tick(value)),
    ...(steps ? { incrs: [...steps] } : {}),
  }
}

/** Larger on a large screen, as all text is. */
function axisFont(): string {
  const { fontSize } = getComputedStyle(document.documentElement)
  return `${Math.round(parseFloat(fontSize) * 0.8)}px system-ui, sans-serif`
}
