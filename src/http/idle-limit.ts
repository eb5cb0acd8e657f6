/** How long a connection may be silent. Bun counts the time that a handler works, too. */
import type { Server } from 'bun'

/** A connection that neither sends nor is sent anything for so long is closed, s. */
export const IDLE_SECONDS = 30

interface LongRequest {
  request: Request
  /** null for a request that came over no connection. */
  server: Pick<Server<unknown>, 'timeout'> | null
}

/**
 * Does work that may take minutes, without an idle limit on the connection until it has settled:
 * what Bun sets for a request stays in force for those that follow on its connection.
 */
export async function withoutIdleLimit<T>(
  { request, server }: LongRequest,
  work: () => Promise<T>,
  idleSeconds: number = IDLE_SECONDS,
): Promise<T> {
  server?.timeout(request, 0)
  try {
    return await work()
  } finally {
    server?.timeout(request, idleSeconds)
  }
}
