/** All attempts of a task are in one trace, over restarts too, and each is a span of its own. */
import type { Checker } from '../check/checker.ts'

const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-01$/

export function attemptsShareATrace(): Checker {
  const traces = new Map<string, { traceId: string; spans: Set<string> }>()
  return {
    sent({ request: { task }, init }) {
      const { traceparent } = init.headers
      const [, traceId, span] = TRACEPARENT.exec(traceparent ?? '') ?? []
      if (!traceId || !span) return `its traceparent is ${traceparent}`
      const trace = traces.get(task.id) ?? { traceId, spans: new Set() }
      traces.set(task.id, trace)
      if (traceId !== trace.traceId) return 'it is in another trace than the attempt before'
      if (trace.spans.has(span)) return 'it has the span of an attempt before'
      trace.spans.add(span)
      return null
    },
  }
}
