/** The documents in a real browser, with no way out but to the service. */
import { expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, PATIENCE_MS } from '../support/eventually.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

const DOCS = '/orchestrator/docs'
const ASSETS = ['swagger-ui.js', 'swagger-ui.css', 'start.js']

test('the documents, with all that they load, come from the binary', async () => {
  using home = serviceHome()
  await using service = await home.start()
  const page = await service.get(DOCS)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!)
  expect(loaded.filter((address) => !address.startsWith('data:')).toSorted()).toEqual(
    ASSETS.map((name) => `${DOCS}/${name}`).toSorted(),
  )
  for (const name of ASSETS) {
    const { status, headers, text } = await service.get(`${DOCS}/${name}`)
    expect([name, status]).toEqual([name, 200])
    expect(headers.get('content-type')).toMatch(/^text\/(javascript|css); charset=utf-8$/)
    expect(text).not.toBeEmpty()
  }
})

const inBrowser = `in a browser: the operations are listed, and can be tried out${withChromium}`

test.skipIf(!chromiumPath)(inBrowser, async () => {
  await using droplet = scriptedServer(json({ greeting: 'hello from the droplet' }))
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start()
  await using browser = await launchChromium()
  const { page, seen } = await openDocs(browser, service)
  const { json: document } = await service.get(`${DOCS}/json`)
  const operations = Object.values<object>(document.paths).flatMap((path) => Object.keys(path))
  expect(await page.locator('.opblock').count()).toBe(operations.length)

  const health = await tryOut(page, 'GET', '/orchestrator/health')
  expect(health).toEqual({
    status: '200',
    body: expect.stringContaining('"service": "orchestrator"'),
  })

  // The example of the document, as it stands.
  const submitted = await tryOut(page, 'POST', '/orchestrator/tasks')
  expect(submitted.status).toBe('200')
  expect(submitted.body).toContain('hello from the droplet')
  expect(droplet.requests).toHaveLength(1)
  expect((await service.get('/orchestrator/tasks')).json.total).toBe(1)

  expect(seen).toEqual({ outside: [], complaints: [] })
})

const authorizes = `in a browser: a token is entered once, and forgotten with the page${withChromium}`

test.skipIf(!chromiumPath)(authorizes, async () => {
  using file = tokensFile({ ci: 'tasks:read' })
  using home = serviceHome({})
  await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
  await using browser = await launchChromium()
  const { page, seen } = await openDocs(browser, service)
  await page.locator('.auth-wrapper button.authorize').click()
  await page.locator('.auth-container input').fill(file.tokens.ci)
  await page.locator('.auth-btn-wrapper button.authorize').click()
  await page.locator('.auth-btn-wrapper button.btn-done').click()
  const listed = await tryOut(page, 'GET', '/orchestrator/tasks')
  expect(listed).toEqual({ status: '200', body: expect.stringContaining('"total": 0') })
  expect(seen).toEqual({ outside: [], complaints: [] })

  // Not a reload: that would open the operation again by itself.
  await page.goto(`${service.url}${DOCS}?again`)
  await page.locator('.opblock').first().waitFor()
  expect((await tryOut(page, 'GET', '/orchestrator/tasks')).status).toBe('401')
  expect(seen.outside).toEqual([])
})

/** A page with all operations listed, and what it does that it should not. */
async function openDocs(browser: Browser, service: Service) {
  const page = await browser.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const seen = await watch(page, service)
  await page.goto(service.url + DOCS)
  await page.locator('.opblock').first().waitFor()
  return { page, seen }
}

/** Blocks all requests but those to the service; tells what it blocked and what the console said. */
async function watch(page: Page, service: Service) {
  const seen = { outside: [] as string[], complaints: [] as string[] }
  await page.route('**/*', (route) => {
    const url = route.request().url()
    if (url.startsWith(`${service.url}/`)) return route.continue()
    seen.outside.push(url)
    return route.abort()
  })
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text())
  })
  page.on('pageerror', (error) => seen.complaints.push(String(error)))
  return seen
}

/** Opens an operation, presses Execute, and reads the reply off the page. */
async function tryOut(page: Page, method: string, path: string) {
  const operation = page.locator(
    `.opblock-${method.toLowerCase()}:has(.opblock-summary-path[data-path="${path}"])`,
  )
  await operation.locator('.opblock-summary-control').click()
  await operation.locator('button.execute').click()
  const live = operation.locator('.live-responses-table .response')
  await live.waitFor()
  const status = await live.locator('.response-col_status').innerText()
  const body = await live.locator('.response-col_description pre').first().innerText()
  return { status: status.trim().split('\n')[0]!, body }
}
