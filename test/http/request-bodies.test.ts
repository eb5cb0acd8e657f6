/** What bodies may take, of memory and of time. */
import { connect } from 'node:net'
import { describe, expect, test } from 'bun:test'
import { Elysia } from 'elysia'
import type { Engine } from '../../src/engine.ts'
import { Admission } from '../../src/http/admission.ts'
import { IdleLimit } from '../../src/http/idle-limit.ts'
import { RequestBodies } from '../../src/http/request-bodies.ts'
import { submitRoutes } from '../../src/http/submit-routes.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startOrchestrator } from '../support/orchestrator.ts'

allowRealTime()

const post = (body: string) =>
  new Request('http://x/', {
    method: 'POST',
    body,
    headers: { 'content-length': String(body.length) },
  })

function chunked(...pieces: string[]): Request {
  const body = new ReadableStream({
    start(stream) {
      for (const piece of pieces) stream.enqueue(new TextEncoder().encode(piece))
      stream.close()
    },
  })
  return new Request('http://x/', { method: 'POST', body })
}

test('a body that takes too long leaves no timer behind, and no place taken', async () => {
  const clock = new FakeClock()
  const bodies = new RequestBodies(clock, 1024 * 1024)
  const stuck = new ReadableStream({})
  const reading = bodies.read(new Request('http://x/', { method: 'POST', body: stuck }))
  await clock.advance(45_000)
  expect(clock.pending).toBe(1)
  const fault = reading.catch((error: unknown) => error)
  await clock.advance(5000)
  expect(await fault).toMatchObject({ code: 'INVALID_REQUEST' })
  expect([clock.pending, bodies.held]).toEqual([0, 0])
})

describe('bodies together', () => {
  test('have a limit, which those that are done with do not count to', async () => {
    const bodies = new RequestBodies(new FakeClock(), 100, 250)
    const first = await bodies.read(post('x'.repeat(100)))
    const second = await bodies.read(chunked('x'.repeat(60), 'x'.repeat(40)))
    expect(bodies.held).toBe(200)
    const refused = { code: 'OVERLOADED', details: { max_bytes: 250 } }
    await expect(bodies.read(post('x'.repeat(51)))).rejects.toMatchObject(refused)
    await expect(bodies.read(chunked('x'.repeat(50), 'x'))).rejects.toMatchObject(refused)
    expect(bodies.held).toBe(200)
    first.release()
    first.release()
    expect(bodies.held).toBe(100)
    second.release()
    expect(bodies.held).toBe(0)
  })

  test('are not counted when they are refused', async () => {
    const clock = new FakeClock()
    const bodies = new RequestBodies(clock, 100)
    const tooLarge = { code: 'PAYLOAD_TOO_LARGE' }
    await expect(bodies.read(post('x'.repeat(101)))).rejects.toMatchObject(tooLarge)
    await expect(bodies.read(chunked('x'.repeat(60), 'x'.repeat(60)))).rejects.toMatchObject(
      tooLarge,
    )
    expect([bodies.held, clock.pending]).toEqual([0, 0])
  })

  test('may have 256 MiB, or four of the largest', async () => {
    const MEBIBYTE = 1024 * 1024
    for (const [maxBytes, maxTotal] of [
      [MEBIBYTE, 256 * MEBIBYTE],
      [100 * MEBIBYTE, 400 * MEBIBYTE],
    ] as const) {
      const bodies = new RequestBodies(new FakeClock(), maxBytes)
      const stuck = () => {
        const headers = { 'content-length': String(maxBytes) }
        const body = new ReadableStream({})
        return new Request('http://x/', { method: 'POST', body, headers })
      }
      const count = maxTotal / maxBytes
      for (let read = 0; read < count; read++) void bodies.read(stuck()).catch(() => {})
      expect(bodies.held).toBe(maxTotal)
      await expect(bodies.read(stuck())).rejects.toMatchObject({ code: 'OVERLOADED' })
    }
  })
})

test('a body counts as long as its task is worked on', async () => {
  const clock = new FakeClock()
  const bodies = new RequestBodies(clock, 1000)
  const admission = new Admission(null, clock)
  const task = Promise.withResolvers<never>()
  const engine = { tasks: { submit: () => task.promise } } as unknown as Engine
  const app = new Elysia()
    .use(submitRoutes(engine, { idleLimit: new IdleLimit(clock), admission, bodies }))
    .onError(() => 'ended')
  const body = '{"droplet_name":"echo","path":"/"}'
  const headers = { 'content-length': String(body.length) }
  const url = 'http://localhost/orchestrator/tasks'
  const answer = app.handle(new Request(url, { method: 'POST', body, headers }))
  await clock.settle()
  expect(bodies.held).toBe(body.length)
  task.reject(new Error('ended'))
  await answer
  expect(bodies.held).toBe(0)
  await app.handle(new Request(url, { method: 'POST', body: 'not JSON' }))
  expect([bodies.held, clock.pending]).toEqual([0, 0])
})

test('a body that comes byte by byte is given up, and its connection closed', async () => {
  await using service = await startOrchestrator()
  const { hostname, port } = new URL(service.url)
  for (const framing of ['Content-Length: 1000', 'Transfer-Encoding: chunked']) {
    let received = ''
    const closed = Promise.withResolvers<void>()
    const socket = connect(Number(port), hostname)
    socket.on('data', (bytes) => (received += bytes.toString()))
    socket.on('close', () => closed.resolve())
    const pending = service.clock.pending
    socket.write(`POST /orchestrator/tasks HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`)
    socket.write(framing.startsWith('T') ? '1\r\n{\r\n' : '{')
    await eventually('being read', () => service.clock.pending > pending)
    await service.clock.advance(40_000)
    expect(received).toBe('')
    await service.clock.advance(15_000)
    await closed.promise
    expect(received).toStartWith('HTTP/1.1 400 ')
    expect(received).toContain('did not come within 46 s')
    expect(received).toMatch(/^connection: close\r$/im)
  }
})
