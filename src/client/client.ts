/**
 * The API in the hands of our own commands and our own page. Types are those of the document;
 * what a reply says is believed.
 */
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { ApiError, Unreachable } from './api-error.ts'
import type {
  Accepted,
  Droplets,
  Info,
  LiveEvent,
  Metrics,
  Outcome,
  Overview,
  Page,
  Task,
} from './types.ts'

const JSON_TYPE = 'application/json'
const OBJECT = /^\s*\{/

/** `fetch`, as far as it is used here. */
export type Ask = (url: string, init: RequestInit) => Promise<Response>

export interface ClientOptions {
  /** Where the API is, with `/orchestrator`: absolute, or relative to a page. No trailing slash. */
  url: string
  /** null: none is sent. */
  token: string | null
  fetch: Ask
  /** Asked before each read but that of events: when it is aborted, the read is given up. */
  readLimit?: () => AbortSignal
}

/** Parameters of a query; what is undefined or empty is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface SubmitHeaders {
  /** Of RFC 7240: `respond-async`, `wait=10`. */
  prefer?: string | undefined
  idempotencyKey?: string | undefined
  /** By which the task can be found before its id is known. */
  requestId?: string | undefined
}

/** What is not told is left out. */
export interface SendInit {
  method?: string
  query?: Query
  /** JSON text. */
  body?: string | undefined
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** Each method rejects with ApiError, or Unreachable, or as its signal was aborted. */
export class OrchestratorClient {
  constructor(private readonly options: ClientOptions) {}

  overview(query: Query = {}, signal?: AbortSignal): Promise<Overview> {
    return this.#get('/overview', query, signal)
  }

  droplets(query: Query = {}, signal?: AbortSignal): Promise<Droplets> {
    return this.#get('/droplets', query, signal)
  }

  tasks(query: Query = {}, signal?: AbortSignal): Promise<Page> {
    return this.#get('/tasks', query, signal)
  }

  /** `wait`: answered when it has ended, or after so many seconds. */
  task(id: string, wait = 0, signal?: AbortSignal): Promise<Task> {
    return this.#get(taskPath(id), wait > 0 ? { wait } : {}, signal)
  }

  metrics(signal?: AbortSignal): Promise<Metrics> {
    return this.#get('/metrics', {}, signal)
  }

  info(signal?: AbortSignal): Promise<Info> {
    return this.#get('/info', {}, signal)
  }

  cancel(id: string, signal?: AbortSignal): Promise<Task> {
    return this.#post(`${taskPath(id)}/cancel`, { signal })
  }

  replay(
    id: string,
    body: { headers?: Record<string, string> } = {},
    headers: SubmitHeaders = {},
    signal?: AbortSignal,
  ): Promise<Outcome | Accepted> {
    return this.#post(`${taskPath(id)}/replay`, {
      body: JSON.stringify(body),
      headers: submitHeaders(headers),
      signal,
    })
  }

  /**
   * What happens, as it happens, until the service ends the stream or the signal aborts it.
   * `lastEventId`: of the last event that was had; what came since then comes first. `opened` is
   * called once it listens.
   */
  async *events(
    query: Query = {},
    signal?: AbortSignal,
    lastEventId: string | null = null,
    opened: () => void = () => {},
  ): AsyncGenerator<LiveEvent> {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
    }
    const response = await this.#ask('/events', { query, headers, signal })
    opened()
    const parsed = response
      .body!.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      .pipeThrough(new EventSourceParserStream())
    try {
      for await (const { event = 'message', data, id = null } of valuesOf(parsed)) {
        yield { type: event, id, data: JSON.parse(data) } as LiveEvent
      }
    } catch (error) {
      if (signal?.aborted) throw error
      throw new Unreachable(this.options.url, error)
    }
  }

  /** A GET whose body is text: the API's JSON as it came, or metrics for Prometheus. */
  text(path: string, query: Query = {}, accept = JSON_TYPE): Promise<string> {
    return this.send(path, { query, headers: { accept } })
  }

  /**
   * The body of the reply as it came: its numbers have all their digits. JSON that is no object is
   * none of ours.
   */
  async send(path: string, init: SendInit = {}): Promise<string> {
    const signal = this.#limited(init)
    const asked = this.#ask(path, { ...init, signal })
    const response = await this.#unlessBroken(asked, init.signal)
    const text = await this.#unlessBroken(response.text(), init.signal)
    const { accept = JSON_TYPE } = init.headers ?? {}
    if (accept !== JSON_TYPE || OBJECT.test(text)) return text
    throw notOurs(response.status, 'The answer is not a JSON object')
  }

  async #get<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
    return replyOf(await this.send(path, { query, signal }))
  }

  async #post<T>(path: string, init: SendInit): Promise<T> {
    return replyOf(await this.send(path, { ...init, method: 'POST' }))
  }

  async #ask(path: string, { signal, query = {}, body, ...init }: SendInit): Promise<Response> {
    const { url, token, fetch } = this.options
    const headers = {
      ...(body === undefined ? {} : { 'content-type': JSON_TYPE }),
      ...init.headers,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    }
    const options: RequestInit = { ...init, headers }
    if (body !== undefined) options.body = body
    if (signal) options.signal = signal
    const asked = fetch(`${url}${path}${queryText(query)}`, options)
    const response = await this.#unlessBroken(asked, signal)
    if (!response.ok) throw await ApiError.of(response)
    const wanted = typeOf(init.headers?.accept ?? JSON_TYPE)
    const type = typeOf(response.headers.get('content-type') ?? '')
    if (type === wanted) return response
    await response.body?.cancel()
    throw notOurs(response.status, `The answer is ${type || 'of no type'}, not ${wanted}`)
  }

  /** What is written takes its time. */
  #limited({ method, signal }: SendInit): AbortSignal | undefined {
    const { readLimit } = this.options
    if (method !== undefined || !readLimit) return signal
    return signal ? AbortSignal.any([readLimit(), signal]) : readLimit()
  }

  /** Rejects with Unreachable when the connection fails. */
  #unlessBroken<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return work.catch((error: unknown) => {
      if (signal?.aborted || error instanceof ApiError || error instanceof Unreachable) throw error
      throw new Unreachable(this.options.url, error)
    })
  }
}

/** What a stream brings. Not every browser can iterate over one. */
async function* valuesOf<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** A reply of ours is JSON: something else is the answer of something else. */
export function replyOf<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch {
    throw notOurs(200, 'The answer is not JSON')
  }
}

/** What is not of the type of our replies is the answer of something else, such as a login page. */
function notOurs(status: number, message: string): ApiError {
  return new ApiError(status, `HTTP_${status}`, message)
}

/** Of a content type, without its parameters. */
function typeOf(text: string): string {
  return text.split(';', 1)[0]!.trim().toLowerCase()
}

/** Below the API's URL. */
export function taskPath(id: string): string {
  return `/tasks/${encodeURIComponent(id)}`
}

/** As a submission sends them. */
export function submitHeaders({
  prefer,
  idempotencyKey,
  requestId,
}: SubmitHeaders): Record<string, string> {
  return {
    ...(prefer ? { prefer } : {}),
    ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
    ...(requestId ? { 'x-request-id': requestId } : {}),
  }
}

function queryText(query: Query): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') given.append(name, String(value))
  }
  return given.size === 0 ? '' : `?${given}`
}
