/** A span of ours as OpenTelemetry's exporters read one. */
import { SpanKind, SpanStatusCode, type SpanContext } from '@opentelemetry/api'
import { TraceState } from '@opentelemetry/core'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { FinishedSpan } from '../spans.ts'
import { SERVICE, VERSION } from '../version.ts'

const KINDS = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
} as const

/**
 * As the SDK's own spans are read. They are not made with its tracer: that takes ids and times of
 * its own.
 */
export function readable(span: FinishedSpan, resource: ReadableSpan['resource']): ReadableSpan {
  const context = contextOf(span, span.spanId)
  const { parentSpanId, isParentRemote, failure } = span
  const parent = parentSpanId && { ...contextOf(span, parentSpanId), isRemote: isParentRemote }
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(parent ? { parentSpanContext: parent } : {}),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    ended: true,
    status:
      failure === null
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: failure },
    attributes: span.attributes,
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    resource,
    instrumentationScope: { name: SERVICE, version: VERSION },
  }
}

function contextOf({ traceId, flags, state }: FinishedSpan, spanId: string): SpanContext {
  const context = { traceId, spanId, traceFlags: flags }
  return state === null ? context : { ...context, traceState: new TraceState(state) }
}

/** From ms to seconds and ns. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)]
}
