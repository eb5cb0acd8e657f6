/** `GET /orchestrator/metrics`: JSON for people and scripts, or what Prometheus reads. */
import { Elysia } from 'elysia'
import type { Engine } from '../engine.ts'
import { FORMATS, type Format, type Page } from '../telemetry/exposition.ts'
import type { Admission } from './admission.ts'
import { BASE, type ResponseSettings } from './base.ts'
import { describe } from './docs/describe.ts'
import { metricsExample } from './docs/examples.ts'
import { openMetricsExample, prometheusExample } from './docs/prometheus-examples.ts'
import { metricsFormat } from './metrics-format.ts'
import { metricsView } from './metrics-view.ts'

export interface MetricsPorts {
  admission: Admission
  /** Makes the page for Prometheus. */
  scrape(format: Format): Promise<Page>
}

export function metricsRoute(engine: Engine, { admission, scrape }: MetricsPorts) {
  return new Elysia({ name: 'metrics' }).get(
    `${BASE}/metrics`,
    ({ request, set }) => {
      varyByAccept(set as ResponseSettings)
      const format = metricsFormat(request.headers.get('accept'))
      if (format !== null) return scraped(format, scrape)
      return metricsView({ ...engine, uptimeMs: engine.uptimeMs() })
    },
    admission.route(documented),
  )
}

/** Elsewhere it says `Origin`, where pages of other origins may ask. */
function varyByAccept({ headers }: ResponseSettings): void {
  headers.vary = headers.vary === undefined ? 'Accept' : `${headers.vary}, Accept`
}

async function scraped(format: Format, scrape: MetricsPorts['scrape']): Promise<Response> {
  const parts = (await scrape(format)).values()
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = parts.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
  return new Response(body, { headers: { 'content-type': FORMATS[format] } })
}

const documented = describe({
  operationId: 'getMetrics',
  tag: 'Operations',
  access: 'admin',
  summary: 'Show the metrics',
  description:
    'Counts and percentiles of this node since its start. Unknown values are null. With `Accept: ' +
    'application/openmetrics-text` or `text/plain`, the same and more, by droplet, for Prometheus.',
  replies: {
    200: {
      description: 'The metrics',
      schema: 'Metrics',
      example: metricsExample,
      texts: { [FORMATS.openMetrics]: openMetricsExample, [FORMATS.text]: prometheusExample },
      headers: { Vary: 'It depends on `Accept`' },
    },
  },
})
