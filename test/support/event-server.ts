/** Stands in for the routes of lists and events: each connection to the events is the test's. */
import { eventually } from './eventually.ts'

export interface EventConnection {
  /** Of the request: path and query. */
  readonly url: string
  readonly lastEventId: string | null
  send(type: string, data: object, id?: string): void
  end(): void
}

export interface EventServer extends AsyncDisposable {
  readonly url: string
  readonly connections: EventConnection[]
  connected(count: number): Promise<EventConnection>
}

/** `tasks`: what the list has, or its answer. `refuse`: the answer in place of the events. */
export function eventServer(
  tasks: () => object[] | Response,
  refuse: () => Response | null,
): EventServer {
  const connections: EventConnection[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url)
      if (pathname !== '/orchestrator/events') {
        const listed = tasks()
        if (listed instanceof Response) return listed
        return Response.json({ tasks: listed, total: 1, limit: 10, next_cursor: null })
      }
      const refused = refuse()
      if (refused) return refused
      const encoder = new TextEncoder()
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const write = (text: string) => controller.enqueue(encoder.encode(text))
          // So that the headers go out.
          write(': open\n\n')
          connections.push({
            url: pathname + search,
            lastEventId: request.headers.get('last-event-id'),
            send: (type, data, id) =>
              write(`event: ${type}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`),
            end: () => controller.close(),
          })
        },
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  return {
    url: server.url.origin,
    connections,
    async connected(count) {
      await eventually(`${count} connections`, () => connections.length >= count)
      return connections[count - 1]!
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
