/** The real fetch: what it does by itself, and what it must not. */
import { describe, expect, test } from 'bun:test'
import { systemFetch } from '../../src/platform/fetch.ts'
import {
  answeringServer,
  json,
  reset,
  scriptedServer,
  sequenceServer,
  truncated,
} from '../support/scripted-server.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const send = (url: string, method: string) =>
  systemFetch(url, { method, headers: {}, signal: new AbortController().signal })

const METHODS = ['GET', 'PUT', 'DELETE', 'POST', 'PATCH']
const isIdempotent = (method: string) => !['POST', 'PATCH'].includes(method)

describe.each(METHODS)('a connection of %s', (method) => {
  test('is used again', async () => {
    const ports = new Set<number>()
    using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request, bound) => {
        ports.add(bound.requestIP(request)!.port)
        return new Response('1')
      },
    })
    for (let n = 0; n < 5; n++) await (await send(server.url.href, method)).text()
    expect(ports.size).toBe(1)
  })

  test('that was dead before an answer began: once more if that is harmless', async () => {
    await using upstream = sequenceServer(json(1), reset, json(2))
    // The first leaves a connection behind.
    await (await send(upstream.url, method)).text()
    const second = send(upstream.url, method).then(
      (response) => response.json(),
      (error: { code: string }) => error.code,
    )
    expect(await second).toEqual(isIdempotent(method) ? 2 : 'ECONNRESET')
    // What would be sent again later comes before this one.
    await (await send(`${upstream.url}/later`, 'GET')).text()
    expect(upstream.calls).toEqual([
      ...Array.from({ length: isIdempotent(method) ? 3 : 2 }, () => `${method} /`),
      'GET /later',
    ])
  })

  test('that breaks off an answer: not once more', async () => {
    await using upstream = sequenceServer(json(1), truncated, json(2))
    await (await send(upstream.url, method)).text()
    const second = send(upstream.url, method).then((response) => response.text())
    await expect(second).rejects.toThrow()
    expect(upstream.calls).toEqual([`${method} /`, `${method} /`])
  })

  test('that is new and is reset: not once more', async () => {
    await using upstream = answeringServer(() => reset)
    await expect(send(upstream.url, method)).rejects.toThrow()
    expect(upstream.calls).toEqual([`${method} /`])
  })
})

test('a redirect is an answer, and no proxy is asked', async () => {
  await using proxy = scriptedServer(json('proxy'))
  await using upstream = scriptedServer(json(1, 302, { location: proxy.url }))
  const before = process.env.HTTP_PROXY
  process.env.HTTP_PROXY = proxy.url
  try {
    expect((await send(upstream.url, 'GET')).status).toBe(302)
  } finally {
    if (before === undefined) delete process.env.HTTP_PROXY
    else process.env.HTTP_PROXY = before
  }
  expect(proxy.calls).toEqual([])
})
