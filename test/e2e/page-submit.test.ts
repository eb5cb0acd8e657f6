/** The page's form that submits a task, in a real Chromium. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { openPage } from '../support/page.ts'
import { held, json, reset, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const HASH = '#/submit'

describe.skipIf(!chromiumPath)(`the form${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('sends what is typed, digit by digit, and shows the answer', async () => {
    await using droplet = scriptedServer(json({ back: [1, 2] }, 201))
    using home = serviceHome({ echo: droplet.url, ghost: 'http://127.0.0.1:9' })
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: HASH })
    const { page } = opened
    await page.getByLabel('Droplet').fill('echo')
    await page.locator('#submit-droplets option').waitFor({ state: 'attached' })
    await page.getByLabel('Path and query').fill('/orders?x=1')
    await page.getByLabel('Payload').fill('{"n": 12345678901234567890,')
    await page.getByText(/^Not JSON: .*line 1, column \d+$/).waitFor()
    await opened.lookAt('submit-fault')
    await page.getByLabel('Payload').fill('{"n": 12345678901234567890}')
    await page.getByText('Not JSON').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Add a header' }).click()
    await page.getByLabel('Name of header 1').fill('X-Tenant')
    await page.getByLabel('Value of header 1').fill('north')
    await page.getByText('Options').click()
    await page.getByLabel('Retries').fill('1')
    await page.getByLabel('Idempotency-Key').fill('order-1')
    await page.keyboard.press('Control+Enter')
    await page.getByText('201 Created').waitFor()
    await page.getByText('back:').waitFor()
    const { method, url, body, headers } = droplet.requests.at(-1)!
    expect([method, url, body]).toEqual(['POST', '/orders?x=1', '{"n": 12345678901234567890}'])
    expect(headers['x-tenant']).toBe('north')
    await opened.lookAt('submit-answered')
    await page.getByRole('link', { name: 'Look at the task' }).click()
    await page.locator('.time-line').waitFor()
    // What was typed is kept while one looks elsewhere.
    await page.keyboard.press('n')
    expect(await page.getByLabel('Path and query').inputValue()).toBe('/orders?x=1')
    expect(opened.complaints).toEqual([])
  })

  test('waits with who waits: what happens to the task is seen', async () => {
    const answer = Promise.withResolvers<void>()
    await using droplet = scriptedServer(json({}))
    droplet.script(reset, held(answer.promise, json({ late: true })))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: HASH })
    const { page } = opened
    await live(page)
    await page.getByLabel('Droplet').fill('echo')
    await page.getByRole('button', { name: 'Submit', exact: true }).click()
    await page.getByText('Waiting for the answer').waitFor()
    await page.getByText('2 attempts so far').waitFor()
    await page.getByText('under way').waitFor()
    await opened.lookAt('submit-waiting')
    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.locator('[data-row]', { hasText: 'running' }).waitFor()
    answer.resolve()
    await page.locator('[data-row]', { hasText: 'success' }).waitFor()
    await page.keyboard.press('n')
    await page.getByText('late:').waitFor()
    expect(droplet.requests).toHaveLength(2)
    expect(opened.complaints).toEqual([])
  })

  test('what the API refuses is said at its field, and nothing that was typed is lost', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, {
      hash: HASH,
      allowed: /400 \(Bad Request\)|503 \(Service Unavailable\)/,
    })
    const { page } = opened
    const submit = page.getByRole('button', { name: 'Submit', exact: true })
    await submit.click()
    await errorOf(page, 'Droplet', 'Which droplet is it for?')
    await page.getByLabel('Droplet').fill('nobody')
    await page.getByText('No droplet of this name is known here.').waitFor()
    await submit.click()
    await errorOf(page, 'Droplet', "Droplet 'nobody' is not in the Registry")
    await page.getByLabel('Droplet').fill('echo')
    await page.getByLabel('Path and query').fill('/a/../../b#c')
    await page.getByText('Options').click()
    await page.getByLabel('Retries').fill('99')
    await submit.click()
    await eventually('an error at the retries', () =>
      page.getByLabel('Retries').getAttribute('aria-describedby'),
    )
    await page.getByText(/10/).first().waitFor()
    await opened.lookAt('submit-refused')
    await page.getByLabel('Retries').fill('0')
    await submit.click()
    await eventually('an error at the path', async () => {
      return (await page.getByLabel('Path and query').getAttribute('aria-invalid')) === 'true'
    })
    expect(await page.getByLabel('Path and query').inputValue()).toBe('/a/../../b#c')
    expect(droplet.requests).toHaveLength(0)
    await droplet.stop()
    await page.getByLabel('Path and query').fill('/b')
    await submit.click()
    await page.getByText('DROPLET_UNREACHABLE').waitFor()
    await page.getByRole('link', { name: 'Look at the task' }).waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('an answer of 5 MB does not hang the page', async () => {
    const large = Array.from({ length: 50_000 }, (_, id) => ({ id, text: 'x'.repeat(80) }))
    await using droplet = scriptedServer(json({ large }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: HASH })
    const { page } = opened
    await page.getByLabel('Droplet').fill('echo')
    await page.getByRole('button', { name: 'Nobody (asynchronous)' }).click()
    await page.getByRole('button', { name: 'This page (synchronous)' }).click()
    await page.getByRole('button', { name: 'Submit', exact: true }).click()
    await page.getByText('[ 50,000 ]').waitFor()
    expect(await page.locator('.json-tree *').count()).toBeLessThan(1000)
    await page.getByText(/^\d(\.\d)? MB$/).waitFor()
    expect(opened.complaints).toEqual([])
  })
})

const live = (page: Page) => page.locator('.connection.live').waitFor({ state: 'attached' })

async function errorOf(page: Page, label: string, words: string): Promise<void> {
  const field = page.locator('.field', { has: page.getByLabel(label) })
  await field.locator('.complaint', { hasText: words }).waitFor()
}
