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
  Submission,
  Task,
} from './types.ts'

/** `fetch`, as far as it is used here. */
export type Ask = (url: string, init: RequestInit) => Promise<Response>

export interface ClientOptions {
  /** Where the API is, with `/orchestrator`: absolute, or relative to a page. No trailing slash. */
  url: string
  /** null: none is sent. */
  token: string | null
  fetch: Ask
}

/** Parameters of a query; what is undefined or empty is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface SubmitHeaders {
  /** Of RFC 7240: `respond-async`, `wait=10`. */
  prefer?: string | undefined
  idempotencyKey?: string | undefined
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

  /** `body`: JSON text, so that no digit of a payload changes on its way. */
  submit(
    body: Submission | string,
    headers: SubmitHeaders = {},
    signal?: AbortSignal,
  ): Promise<Outcome | Accepted> {
    return this.#post('/tasks', typeof body === 'string' ? body : JSON.stringify(body), {
      headers: submitHeaders(headers),
      signal,
    })
  }

  cancel(id: string, signal?: AbortSignal): Promise<Task> {
    return this.#post(`${taskPath(id)}/cancel`, null, { signal })
  }

  replay(
    id: string,
    body: { headers?: Record<string, string> } = {},
    headers: SubmitHeaders = {},
    signal?: AbortSignal,
  ): Promise<Outcome | Accepted> {
    return this.#post(`${taskPath(id)}/replay`, JSON.stringify(body), {
      headers: submitHeaders(headers),
      signal,
    })
  }

  /**
   * What happens, as it happens, until the service ends the stream or the signal aborts it.
   * `lastEventId`: of the last event that was had; what came since then comes first. `opened` is
   * called when the service has said yes, mostly before there is an event.
   */
  async *events(
    query: Query = {},
    signal?: AbortSignal,
    lastEventId: string | null = null,
    opened?: () => void,
  ): AsyncGenerator<LiveEvent> {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
    }
    const response = await this.#ask(`/events${queryText(query)}`, { headers, signal })
    opened?.()
    const parsed = response
      .body!.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      .pipeThrough(new EventSourceParserStream())
    for await (const { event = 'message', data, id = null } of valuesOf(parsed)) {
      yield { type: event, id, data: JSON.parse(data) } as LiveEvent
    }
  }

  /** A GET whose body is text: the API's JSON as it came, or metrics for Prometheus. */
  async text(path: string, query: Query = {}, accept = 'application/json'): Promise<string> {
    const response = await this.#ask(`${path}${queryText(query)}`, { headers: { accept } })
    return response.text()
  }

  async #get<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
    const response = await this.#ask(`${path}${queryText(query)}`, { signal })
    return (await response.json()) as T
  }

  async #post<T>(path: string, body: string | null, init: Init): Promise<T> {
    const type = body === null ? {} : { 'content-type': 'application/json' }
    const response = await this.#ask(path, {
      ...init,
      method: 'POST',
      body,
      headers: { ...type, ...init.headers },
    })
    return (await response.json()) as T
  }

  async #ask(path: string, { signal, ...init }: Init): Promise<Response> {
    const { url, token, fetch } = this.options
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
    const headers = { ...init.headers, ...authorization }
    const options = signal ? { ...init, headers, signal } : { ...init, headers }
    const response = await fetch(`${url}${path}`, options).catch((error: unknown) => {
      if (signal?.aborted) throw error
      throw new Unreachable(url, error)
    })
    if (response.ok) return response
    throw await ApiError.of(response)
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

interface Init {
  method?: string
  body?: string | null
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

function taskPath(id: string): string {
  return `/tasks/${encodeURIComponent(id)}`
}

function submitHeaders({ prefer, idempotencyKey }: SubmitHeaders): Record<string, string> {
  return {
    ...(prefer ? { prefer } : {}),
    ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
  }
}

function queryText(query: Query): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') given.append(name, String(value))
  }
  return given.size === 0 ? '' : `?${given}`
}
