/** The real fetch: what it must not do by itself. */
import { describe, expect, test } from 'bun:test'
import { systemFetch } from '../../src/platform/fetch.ts'
import { json, reset, scriptedServer, sequenceServer } from '../support/scripted-server.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const send = (url: string, method: string) =>
  systemFetch(url, { method, headers: {}, signal: new AbortController().signal })

describe('a connection that dies', () => {
  test.each(['GET', 'PUT', 'DELETE', 'POST', 'PATCH'])('%s is sent once', async (method) => {
    await using upstream = sequenceServer(json(1), reset)
    // The first leaves a connection behind, if any is left.
    await (await send(upstream.url, method)).text()
    await expect(send(upstream.url, method)).rejects.toThrow()
    // A request that is sent again comes before one that is sent later.
    upstream.script(json(1))
    await (await send(`${upstream.url}/later`, 'GET')).text()
    expect(upstream.calls).toEqual([`${method} /`, `${method} /`, 'GET /later'])
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
