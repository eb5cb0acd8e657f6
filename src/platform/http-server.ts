/** A plain HTTP server, for the small servers of `dev`; the service itself listens with Elysia. */
export interface HttpServer {
  /** The port that it really got. */
  readonly port: number
  /** `http://localhost:<port>` */
  readonly url: string
  /** Cuts open connections. Safe twice. */
  stop(): Promise<void>
}

export interface ListenOptions {
  /** 0 takes a free one. */
  port: number
  hostname: string
  /** How long a connection may be silent, also while `answer` works. Default 10. */
  idleTimeoutSeconds?: number
  answer: (request: Request) => Promise<Response>
}

/** Throws with code EADDRINUSE when the port is taken. */
export function listen(options: ListenOptions): HttpServer {
  const { port, hostname, idleTimeoutSeconds: idleTimeout, answer } = options
  const server = Bun.serve({
    port,
    hostname,
    // Else a second process could share the port without any error.
    reusePort: false,
    // Else a bug is answered with a page of HTML.
    development: false,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    // With a Host that is none, the URL is only a path.
    fetch: (request) => (URL.canParse(request.url) ? answer(request) : badRequest()),
  })
  const bound = server.port ?? port
  return { port: bound, url: `http://localhost:${bound}`, stop: () => server.stop(true) }
}

function badRequest(): Response {
  return new Response(null, { status: 400 })
}
