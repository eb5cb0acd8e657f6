import { listen, type HttpServer } from '../platform/http-server.ts'

/** A server of `dev`: it can also be asked without a port. */
export interface DevServer {
  fetch(request: Request): Promise<Response>
  /** Listens, on all addresses by default. Throws with code EADDRINUSE when the port is taken. */
  listen(at: { port: number; hostname?: string }): Omit<HttpServer, 'stop'>
  /** Cuts open connections. Safe twice, safe unstarted. */
  stop(): Promise<void>
}

/** `idleTimeoutSeconds` must be more than the longest time that `answer` takes; 10 by default. */
export function devServer(
  answer: (request: Request) => Promise<Response>,
  options: { idleTimeoutSeconds?: number } = {},
): DevServer {
  let server: HttpServer | null = null
  return {
    fetch: answer,
    listen({ port, hostname = '0.0.0.0' }) {
      server = listen({ port, hostname, answer, ...options })
      return server
    },
    async stop() {
      await server?.stop()
      server = null
    },
  }
}
