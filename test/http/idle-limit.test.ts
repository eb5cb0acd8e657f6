/** A connection is closed when nothing happens on it, but never under a request that works. */
import { describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import { OrchestratorError } from '../../src/errors.ts'
import { Admission } from '../../src/http/admission.ts'
import { dropletRoutes } from '../../src/http/droplet-routes.ts'
import { IDLE_SECONDS, IdleLimit } from '../../src/http/idle-limit.ts'
import { sendRoute } from '../../src/http/message-routes.ts'
import { RequestBodies } from '../../src/http/request-bodies.ts'
import { submitRoutes } from '../../src/http/submit-routes.ts'
import { taskRoutes } from '../../src/http/task-routes.ts'
import type { Engine } from '../../src/engine.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { connect } from '../support/keep-alive.ts'
import { testConfig } from '../support/config.ts'

allowRealTime()

/** Bun looks every four seconds: what is less may be over at once. */
const SECONDS = 5

test('the limit is lifted while a request works, and back when it is answered', async () => {
  const release = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const work = async (path: string) => {
    if (path === '/long') {
      begun.resolve()
      await release.promise
    }
    return Response.json('done')
  }
  const limit = new IdleLimit(systemClock, SECONDS)
  using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: SECONDS,
    fetch: (request, itself) =>
      limit.during({ request, server: itself }, () => work(new URL(request.url).pathname)),
  })
  await using long = await connect(server.url.href)
  await using short = await connect(server.url.href)
  const answer = long.request('GET', '/long')
  await begun.promise
  await short.request('GET', '/short')
  // Resolves only because its limit is back. By then, the other one's would have run out.
  await short.closed
  release.resolve()
  expect((await answer).json).toBe('done')
})

const TASK = { droplet_name: 'echo', path: '/' }
const ENDED = { status: 'cancelled' }

/** The routes that may take long, on a server that only records its limits. */
function routesWith(work: () => Promise<unknown>) {
  const clock = new FakeClock()
  const idleLimit = new IdleLimit(clock)
  const bodies = new RequestBodies(clock, testConfig().maxBodyBytes)
  const ports = { clock, idleLimit, bodies, admission: new Admission(null, clock) }
  const limits: number[] = []
  const unbound = { timeout: (_: Request, seconds: number) => limits.push(seconds) }
  const engine = {
    tasks: { submit: work, replay: work, find: work },
    registry: { refresh: work },
  } as unknown as Engine
  const app = new Elysia()
    .use(submitRoutes(engine, ports))
    .use(taskRoutes(engine, ports))
    .use(sendRoute(engine, ports))
    .use(dropletRoutes(engine, ports))
    .onError(() => 'refused')
  app.server = unbound as unknown as typeof app.server
  return {
    clock,
    limits,
    async ask(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
      const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }
      await app.handle(new Request(`http://localhost/orchestrator${path}`, init))
    },
  }
}

const LONG: readonly [string, string, object?][] = [
  ['POST', '/tasks', TASK],
  ['POST', '/tasks/x/replay'],
  ['POST', '/send', { target: 'echo', message_type: 'query' }],
  ['GET', '/tasks/x?wait=5'],
  ['GET', '/droplets?refresh=true'],
]

describe.each(LONG)('%s %s', (method, path, body) => {
  test.each([
    ['answers', async () => ({ task: ENDED })],
    ['refuses', () => Promise.reject(new OrchestratorError('OVERLOADED', 'too much'))],
    ['has a bug', () => Promise.reject(new TypeError('a bug'))],
  ])('takes long, and has no limit until it %s', async (_, work) => {
    const routes = routesWith(async () => {
      // Well within the limit.
      await routes.clock.advance((IDLE_SECONDS * 1000) / 3)
      expect(routes.limits).toEqual([0])
      return work()
    })
    await routes.ask(method, path, body)
    expect(routes.limits).toEqual([0, IDLE_SECONDS])
    await routes.clock.advance(60_000)
    expect(routes.limits).toEqual([0, IDLE_SECONDS])
  })

  test('is answered at once, and keeps it', async () => {
    const routes = routesWith(async () => ({ task: ENDED }))
    await routes.ask(method, path, body)
    await routes.clock.advance(60_000)
    expect(routes.limits).toEqual([])
  })
})

test('a request that is refused before it works keeps the limit', async () => {
  const routes = routesWith(async () => ({ task: ENDED }))
  await routes.ask('POST', '/tasks', {})
  await routes.ask('POST', '/tasks', TASK, { 'idempotency-key': 'two words' })
  await routes.ask('POST', '/tasks/x/replay', undefined, { 'idempotency-key': 'two words' })
  await routes.ask('GET', '/tasks/x?wait=soon')
  await routes.ask('GET', '/tasks/x')
  expect(routes.limits).toEqual([])
})
