import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type uPlot from 'uplot'
import { useApp } from '../state/app.ts'
import type { Bucket } from './buckets.ts'
import { inWords, type ChartSpec } from './charts.ts'
import { readPalette } from './palette.ts'
import { createPlot, setBuckets } from './plot.ts'

interface ChartProps {
  spec: ChartSpec
  buckets: readonly Bucket[]
  now: Bucket
  /** Which bucket the pointer is on, in whichever chart; null: on none. */
  pointed: Signal<number | null>
}

export function Chart({ spec, buckets, now, pointed }: ChartProps) {
  const at = pointed.value === null ? undefined : buckets[pointed.value]
  return (
    <section class="panel chart" aria-label={`${spec.title}: ${spec.about}`}>
      <header>
        <div>
          <h2>{spec.title}</h2>
          <p class="quiet">{spec.about}</p>
        </div>
        <dl>
          {spec.lines.map(({ label, colour, value }) => (
            <div key={label}>
              <dt class={`swatch ${colour}`}>{label}</dt>
              <dd>{inWords(spec, value(at ?? now))}</dd>
            </div>
          ))}
        </dl>
      </header>
      <Plot spec={spec} buckets={buckets} pointed={pointed} />
    </section>
  )
}

type PlotProps = Pick<ChartProps, 'spec' | 'buckets' | 'pointed'>

function Plot({ spec, buckets, pointed }: PlotProps) {
  const { theme } = useApp()
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const palette = useRef(readPalette())
  const colours = theme.changes.value
  useEffect(() => {
    const element = place.current!
    const size = () => ({ width: element.clientWidth, height: element.clientHeight })
    const created = createPlot(element, {
      spec,
      palette: () => palette.current,
      pointed: (index) => (pointed.value = index),
      size: size(),
    })
    plot.current = created
    const observer = new ResizeObserver(() => created.setSize(size()))
    observer.observe(element)
    return () => {
      observer.disconnect()
      created.destroy()
    }
  }, [spec])
  useEffect(() => setBuckets(plot.current!, spec, buckets), [spec, buckets])
  useEffect(() => {
    palette.current = readPalette()
    plot.current?.redraw(false)
  }, [colours])
  // The numbers beside the title say the same in words.
  return <div ref={place} class="plot" aria-hidden="true" />
}
