/**
 * Sends spans with OpenTelemetry's SDK (OTLP over HTTP, protobuf). Only loaded where traces are
 * sent: it takes 30 ms of the start, and 13 MB.
 */
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace'
import { codeOf, errorText } from '../errors.ts'
import type { Ports } from '../ports.ts'
import type { SpanSink } from '../spans.ts'
import { SERVICE, VERSION } from '../version.ts'
import { readable } from './otlp-span.ts'

export interface OtlpOptions extends Pick<Ports, 'clock' | 'log' | 'newId'> {
  /** Without `/v1/traces`, and without a slash at its end. */
  endpoint: string
  headers: Readonly<Record<string, string>>
}

/** Spans that wait; some 1 KB each. At shutdown the exporter takes 30 batches at once. */
const MAX_WAITING = 10_000
/** To write one holds up the event loop for some 10 ms. One is sent at a time. */
const MAX_BATCH = 1024
const BATCH_MS = 1000
const EXPORT_MS = 10_000
const LAST_SPANS_MS = 1000
/** Between two lines about spans that were dropped. */
const DROPPED_LINE_MS = 60_000

export function openOtlp(options: OtlpOptions): SpanSink {
  const exporter = new CountingExporter(options)
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: MAX_BATCH,
    scheduledDelayMillis: BATCH_MS,
    exportTimeoutMillis: EXPORT_MS,
  })
  const resource = resourceFromAttributes({
    'service.name': SERVICE,
    'service.version': VERSION,
    'service.instance.id': options.newId(),
  })
  return {
    takes: () => exporter.takes(),
    add(span) {
      if (exporter.mayWait()) processor.onEnd(readable(span, resource))
    },
    async stop() {
      // It rejects when something could not be sent: that is logged already.
      const sent = processor.shutdown().catch(() => {})
      await Promise.race([sent, options.clock.sleep(LAST_SPANS_MS)])
      exporter.logDropped()
    },
  }
}

/** The SDK's exporter; it knows how many spans wait, and tells of what goes wrong, once. */
class CountingExporter implements SpanExporter {
  readonly #exporter: OTLPTraceExporter
  readonly #url: string
  #waiting = 0
  #dropped = 0
  #droppedLineTick = -Infinity
  #isFailing = false

  constructor(private readonly options: OtlpOptions) {
    const { endpoint, headers } = options
    this.#url = `${endpoint}/v1/traces`
    this.#exporter = new OTLPTraceExporter({ url: this.#url, headers, timeoutMillis: EXPORT_MS })
  }

  /** Whether there is room for one more: the processor would drop it silently. */
  takes(): boolean {
    const isFull = this.#waiting >= MAX_WAITING
    if (isFull) this.#dropped++
    return !isFull
  }

  /** The same, and then it waits. */
  mayWait(): boolean {
    const takes = this.takes()
    if (takes) this.#waiting++
    return takes
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#waiting -= spans.length
    this.#exporter.export(spans, (result) => {
      this.#ended(result)
      done(result)
    })
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  logDropped(): void {
    if (this.#dropped === 0) return
    this.options.log.warning('spans were dropped: too many waited', { dropped: this.#dropped })
    this.#dropped = 0
    this.#droppedLineTick = this.options.clock.monotonic()
  }

  #ended({ code, error }: ExportResult): void {
    const { clock, log } = this.options
    const hasFailed = code !== ExportResultCode.SUCCESS
    if (hasFailed && !this.#isFailing) {
      log.warning('traces cannot be sent', { url: this.#url, error: reasonOf(error) })
    } else if (!hasFailed && this.#isFailing) {
      log.info('traces are sent again', { url: this.#url })
    }
    this.#isFailing = hasFailed
    if (clock.monotonic() - this.#droppedLineTick >= DROPPED_LINE_MS) this.logDropped()
  }
}

/** With the status of an answer, which the exporter has beside its message. */
function reasonOf(error: unknown): string {
  const status = codeOf(error)
  return typeof status === 'number' ? `HTTP ${status} ${errorText(error)}` : errorText(error)
}
