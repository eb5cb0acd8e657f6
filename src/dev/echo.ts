/** A droplet that answers with what it was sent: for `dev`, and to try out how tasks end. */
import { isSecretHeader } from '../droplets/redact.ts'
import { systemClock } from '../platform/clock.ts'
import type { Clock } from '../ports.ts'
import { timestamp } from '../timestamp.ts'
import { VERSION } from '../version.ts'
import { devServer, type DevServer } from './server.ts'

const MAX_DELAY_MS = 60_000
/** The headers that the answer repeats, but for those that are secret. */
const ECHOED = /^(x-.*|accept|content-type|user-agent|idempotency-key|traceparent|tracestate)$/
// A Response refuses to carry a body with these.
const BODYLESS = new Set([204, 205, 304])

/**
 * Echoes every method and path as JSON. `?delay_ms=` (at most 60,000) answers late,
 * `?status=` answers with that status, and with `&fail_attempts=2` only the first two attempts
 * of a task, so that its retry can be seen to succeed.
 */
export function createDevEcho({ clock = systemClock }: { clock?: Clock } = {}): DevServer {
  const idleTimeoutSeconds = 2 * (MAX_DELAY_MS / 1000)
  return devServer((request) => answer(request, clock), { idleTimeoutSeconds })
}

async function answer(request: Request, clock: Clock): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  const body = await bodyOf(request)
  if (pathname === '/health') return healthAnswer(clock)
  const delayMs = Math.min(wholeNumber(searchParams.get('delay_ms')) ?? 0, MAX_DELAY_MS)
  if (delayMs > 0) await clock.sleep(delayMs, request.signal)
  const status = statusFor(searchParams, request.headers)
  if (BODYLESS.has(status)) return new Response(null, { status })
  const echo = {
    method: request.method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries([...request.headers].filter(([name]) => isEchoed(name))),
    body,
  }
  return Response.json(echo, { status })
}

function isEchoed(name: string): boolean {
  return ECHOED.test(name) && !isSecretHeader(name)
}

function healthAnswer(clock: Clock): Response {
  const time = timestamp(clock.now())
  return Response.json({ status: 'active', service: 'echo', version: VERSION, timestamp: time })
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
