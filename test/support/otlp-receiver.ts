/** A trace backend on loopback: takes what an OTLP exporter sends, and decodes the protobuf. */
import { parse } from 'protobufjs'

/** Of opentelemetry/proto/trace/v1/trace.proto, what a span of ours may have. */
const REQUEST = parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message Scope { string name = 1; string version = 2; }
  message Span {
    bytes trace_id = 1;
    bytes span_id = 2;
    string trace_state = 3;
    bytes parent_span_id = 4;
    string name = 5;
    Kind kind = 6;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    Status status = 15;
    fixed32 flags = 16;
  }
  enum Kind { UNSPECIFIED = 0; INTERNAL = 1; SERVER = 2; CLIENT = 3; PRODUCER = 4; CONSUMER = 5; }
  message Status { string message = 2; Code code = 3; }
  enum Code { UNSET = 0; OK = 1; ERROR = 2; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1;
      bool bool_value = 2;
      int64 int_value = 3;
      double double_value = 4;
    }
  }
`).root.lookupType('Request')

type Attributes = Record<string, string | number>

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty: none. */
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  readonly kind: string
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  readonly status: { readonly code: string; readonly message: string }
  readonly flags: number
}

export interface OtlpReceiver extends AsyncDisposable {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is to be. */
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  readonly resources: readonly Attributes[]
  readonly requests: readonly { path: string; headers: Record<string, string> }[]
  /** What it answers with, from now on; null: it does not answer. */
  answer(status: number | null): void
}

export function otlpReceiver(): OtlpReceiver {
  const spans: ReceivedSpan[] = []
  const resources: Attributes[] = []
  const requests: { path: string; headers: Record<string, string> }[] = []
  let status: number | null = 200
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const { pathname: path } = new URL(request.url)
      requests.push({ path, headers: Object.fromEntries(request.headers) })
      const bytes = new Uint8Array(await request.arrayBuffer())
      if (status === null) return new Promise<Response>(() => {})
      if (status === 200) take(bytes)
      return new Response(null, { status })
    },
  })
  const take = (bytes: Uint8Array) => {
    for (const group of decode(bytes)) {
      resources.push(attributesOf(group.resource.attributes))
      for (const { spans: some } of group.scopeSpans) spans.push(...some.map(spanOf))
    }
  }
  return {
    url: server.url.origin,
    spans,
    resources,
    requests,
    answer: (next) => void (status = next),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

interface KeyValue {
  key: string
  value: Record<string, string | number>
}

interface Decoded {
  resource: { attributes: KeyValue[] }
  scopeSpans: {
    // oxlint-disable-next-line typescript/no-explicit-any
    spans: any[]
  }[]
}

function decode(bytes: Uint8Array): Decoded[] {
  const options = { longs: Number, enums: String, defaults: true, arrays: true }
  return REQUEST.toObject(REQUEST.decode(bytes), options).resourceSpans as Decoded[]
}

// oxlint-disable-next-line typescript/no-explicit-any
function spanOf(span: any): ReceivedSpan {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    name: span.name,
    kind: span.kind,
    startMs: span.startTimeUnixNano / 1e6,
    endMs: span.endTimeUnixNano / 1e6,
    attributes: attributesOf(span.attributes),
    status: span.status,
    flags: span.flags,
  }
}

function attributesOf(pairs: KeyValue[]): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]!]))
}
