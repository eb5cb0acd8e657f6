/** A droplet that tells what it was sent: for `dev`, and for trying out how tasks end. */
import { systemClock } from '../platform/clock.ts'
import type { Clock } from '../ports.ts'
import { VERSION } from '../version.ts'
import type { Listening } from './registry.ts'

export interface DevEcho {
  fetch(request: Request): Promise<Response>
  /** Throws with code EADDRINUSE when the port is taken. */
  listen(at: { port: number; hostname?: string }): Listening
  /** Cuts open connections. Safe twice, safe unstarted. */
  stop(): Promise<void>
}

const LONGEST_DELAY_MS = 60_000
const SHOWN = /^(x-.*|accept|content-type|user-agent|idempotency-key|traceparent|tracestate)$/
// A Response refuses to carry a body with these.
const BODYLESS = new Set([204, 205, 304])

/**
 * Echoes every method and path as JSON. `?delay_ms=` (at most 60,000) answers late,
 * `?status=` answers with that status, and with `&fail_attempts=2` only the first two attempts
 * of a task, so that its retry can be seen to succeed.
 */
export function createDevEcho(options: { clock?: Clock } = {}): DevEcho {
  const clock = options.clock ?? systemClock
  let server: Bun.Server<undefined> | null = null

  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url)
    const body = await bodyOf(request)
    if (url.pathname === '/health') {
      const timestamp = new Date(clock.now()).toISOString().replace('Z', '000Z')
      return Response.json({ status: 'active', service: 'echo', version: VERSION, timestamp })
    }
    const delayMs = Math.min(wholeNumber(url.searchParams.get('delay_ms')) ?? 0, LONGEST_DELAY_MS)
    if (delayMs > 0) await clock.sleep(delayMs, request.signal)
    const status = statusFor(url.searchParams, request.headers)
    if (BODYLESS.has(status)) return new Response(null, { status })
    const echo = {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries([...request.headers].filter(([name]) => SHOWN.test(name))),
      body,
    }
    return Response.json(echo, { status })
  }

  return {
    fetch: answer,
    listen({ port, hostname = '0.0.0.0' }) {
      const bound = Bun.serve({
        port,
        hostname,
        reusePort: false,
        development: false,
        // It runs while we delay.
        idleTimeout: 2 * (LONGEST_DELAY_MS / 1000),
        fetch: answer,
      })
      server = bound
      return { port: bound.port ?? port, url: `http://localhost:${bound.port}` }
    },
    async stop() {
      await server?.stop(true)
      server = null
    },
  }
}

function statusFor(query: URLSearchParams, headers: Headers): number {
  const wanted = wholeNumber(query.get('status'))
  if (wanted === null || wanted < 200 || wanted > 599) return 200
  const failing = wholeNumber(query.get('fail_attempts'))
  const attempt = wholeNumber(headers.get('x-attempt')) ?? 1
  return failing !== null && attempt > failing ? 200 : wanted
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null
}

/** JSON as JSON, other text as text, nothing as null. */
async function bodyOf(request: Request): Promise<unknown> {
  const text = await request.text()
  if (text === '') return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
