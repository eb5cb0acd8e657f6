/** What is told to a trace backend: spans, in the words of OpenTelemetry. */

/** A span that is over. */
export interface FinishedSpan {
  /** Of few kinds: no id and no path is in it. */
  readonly name: string
  readonly kind: 'server' | 'consumer' | 'client'
  /** Hexadecimal digits, as in W3C Trace Context. */
  readonly traceId: string
  readonly spanId: string
  /** null: the trace begins with it. */
  readonly parentSpanId: string | null
  /** Whether the parent is another service's. */
  readonly isParentRemote: boolean
  readonly flags: number
  /** The trace's `tracestate`; null: none. */
  readonly state: string | null
  /** Wall clock, ms, with fractions. */
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Readonly<Record<string, string | number>>
  /** Why it failed, for people and without secrets; null: it did not. */
  readonly failure: string | null
}

export interface SpanSink {
  /** Whether there is room for one more. Where there is none it counts as dropped, and is not made. */
  takes(): boolean
  /** Takes it, and sends it some time later, or drops it when too many wait. Never throws. */
  add(span: FinishedSpan): void
  /** Sends what waits, as far as that can be done within a second. Never rejects. */
  stop(): Promise<void>
}
