/** Pages of other origins in a real browser: what they can submit, and what they can read. */
import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime } from '../support/eventually.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const TASK = JSON.stringify({ droplet_name: 'echo', path: '/' })
const JSON_TYPE = { 'content-type': 'application/json' }

/** A page that holds nothing, under every path. */
function site() {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
  })
  return { port: server.port!, [Symbol.asyncDispose]: () => server.stop(true) }
}

interface Asked {
  method?: string
  mode?: 'no-cors'
  referrerPolicy?: 'no-referrer'
  headers?: Record<string, string>
  body?: string
}

/** What a script of the page gets from fetch: the status and the body; or that it failed. */
async function fetchFrom(page: Page, url: string, init: Asked): Promise<string> {
  return page.evaluate(
    async ([target, options]) => {
      try {
        const response = await fetch(target, options as RequestInit)
        const id = response.headers.get('x-request-id') === null ? 'no id' : 'an id'
        return `${response.type} ${response.status} ${id} ${await response.text()}`
      } catch {
        return 'failed'
      }
    },
    [url, init] as const,
  )
}

const totalOf = async (service: Service) => (await service.get('/orchestrator/tasks')).json.total

test.skipIf(!chromiumPath)(`a page elsewhere can't submit or read${withChromium}`, async () => {
  await using droplet = scriptedServer(json({ fine: true }))
  await using pages = site()
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start()
  await using browser = await launchChromium()
  const page = await browser.newPage()
  const { port } = new URL(service.url)
  const target = `${service.url}/orchestrator/tasks`
  await page.goto(`http://localhost:${pages.port}/`)

  const submission = { method: 'POST', headers: JSON_TYPE, body: TASK }
  expect(await fetchFrom(page, target, submission)).toBe('failed')
  // No preflight: the request itself arrives.
  const simple = { method: 'POST', mode: 'no-cors', body: TASK } as const
  expect(await fetchFrom(page, target, simple)).toBe('opaque 0 no id ')
  expect(await fetchFrom(page, target, { ...simple, referrerPolicy: 'no-referrer' })).toBe(
    'opaque 0 no id ',
  )
  expect(await fetchFrom(page, target, {})).toBe('failed')
  const form = `<form method=post action='${target}/some-id/cancel'><button>`
  await page.setContent(form)
  await page.locator('button').click()
  await page.waitForURL(`${target}/some-id/cancel`)
  expect(await page.locator('body').innerText()).toContain('FORBIDDEN')
  expect(await totalOf(service)).toBe(0)

  // Its own pages can, under each of its names.
  for (const own of [service.url, `http://localhost:${port}`]) {
    await page.goto(`${own}/orchestrator/docs/start.js`)
    const submitted = await fetchFrom(page, `${own}/orchestrator/tasks`, submission)
    expect(submitted).toStartWith('basic 200 an id {"task_id":')
  }
})

test.skipIf(!chromiumPath)(`a page of CORS_ORIGINS can do both${withChromium}`, async () => {
  await using droplet = scriptedServer(json({ fine: true }))
  await using pages = site()
  using home = serviceHome({ echo: droplet.url })
  const origin = `http://localhost:${pages.port}`
  await using service = await home.start({ CORS_ORIGINS: origin })
  await using browser = await launchChromium()
  const page = await browser.newPage()
  await page.goto(`${origin}/`)
  const target = `${service.url}/orchestrator/tasks`
  const headers = { ...JSON_TYPE, 'idempotency-key': 'k', authorization: 'Bearer x' }
  const asked = { method: 'POST', headers: { ...headers, prefer: 'wait=9' }, body: TASK }
  expect(await fetchFrom(page, target, asked)).toStartWith('cors 200 an id {"task_id":')
  expect(await fetchFrom(page, target, {})).toStartWith('cors 200 an id {"tasks":')
  expect(await fetchFrom(page, `${target}/none`, {})).toStartWith(
    'cors 404 an id {"status":"error"',
  )
})

test.skipIf(!chromiumPath)(
  `a page whose name leads here reads nothing${withChromium}`,
  async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using browser = await launchChromium(['--host-resolver-rules=MAP evil.example 127.0.0.1'])
    const page = await browser.newPage()
    const { port } = new URL(service.url)
    const answer = await page.goto(`http://evil.example:${port}/orchestrator/tasks`)
    expect(answer?.status()).toBe(403)
  },
)
