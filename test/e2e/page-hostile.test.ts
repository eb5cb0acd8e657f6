/** The page with those it cannot trust: droplets, links, proxies, clocks, and who sat here before. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { hashOf, openPage } from '../support/page.ts'
import { held, json, reply, scriptedServer } from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

const FAILED_READS = /Failed to load resource|ERR_/

describe.skipIf(!chromiumPath)(`the page among strangers${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('who signs in next finds nothing of who was there', async () => {
    const late = Promise.withResolvers<void>()
    await using droplet = scriptedServer(json({ answer: 'of the first' }))
    using home = serviceHome({ echo: droplet.url })
    using file = tokensFile({ first: 'admin', second: 'admin' })
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    await using opened = await openPage(browser, service.url, {
      hash: '#/submit',
      allowed: /401 \(Unauthorized\)/,
    })
    const { page } = opened
    await signIn(page, file.tokens.first)
    await page.getByLabel('Droplet').fill('echo')
    await page.getByLabel('Payload').fill('"typed by the first"')
    await page.getByRole('button', { name: 'Submit', exact: true }).click()
    await page.getByText('of the first').waitFor()
    // An answer that comes when he has gone already.
    droplet.script(held(late.promise, json({ answer: 'too late' })))
    await page.getByRole('button', { name: 'Submit', exact: true }).click()
    await droplet.received(2)
    const answered = page.waitForResponse((response) => response.url().endsWith('/tasks'))
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForFunction(`document.title === 'Sign in · Orchestrator'`)
    await signIn(page, file.tokens.second)
    await page.getByText('The answer appears here.').waitFor()
    expect(await page.getByLabel('Payload').inputValue()).toBe('')
    expect(await page.getByLabel('Droplet').inputValue()).toBe('')
    late.resolve()
    await (await answered).finished()
    await page.getByText('second', { exact: true }).waitFor()
    await page.getByText('The answer appears here.').waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('work on many tasks ends with the token that it was begun with', async () => {
    await using droplet = scriptedServer(json({}, 404))
    using home = serviceHome({ echo: droplet.url })
    using file = tokensFile({ first: 'admin', second: 'admin' })
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    for (let n = 0; n < 30; n++) await service.submit({}, file.bearer('first'))
    await using opened = await openPage(browser, service.url, {
      hash: '#/tasks?status=failed',
      token: file.tokens.first,
    })
    const { page } = opened
    const replays: (() => void)[] = []
    await page.route('**/replay', (route) => void replays.push(() => void route.continue()))
    await page.getByRole('button', { name: 'Replay all that match…' }).click()
    await page.getByRole('button', { name: 'Replay 30 tasks' }).click()
    await eventually('eight under way', () => replays.length === 8)
    await page.getByRole('button', { name: 'Sign out' }).click()
    for (const go of replays) go()
    await signIn(page, file.tokens.second)
    await page.locator('[data-row]').first().waitFor()
    expect(await page.getByRole('region', { name: 'Work on all that match' }).count()).toBe(0)
    await page.reload()
    await opened.live()
    expect(replays).toHaveLength(8)
    expect(opened.complaints).toEqual([])
  })

  test('links of every odd form lead to something', async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { allowed: FAILED_READS })
    const { page } = opened
    await opened.live()
    const odd = [
      '#/tasks/%00',
      '#/tasks/..%2F..%2Fmetrics',
      `#/tasks/${'x'.repeat(20_000)}`,
      '#/tasks?status=<img src=x onerror=alert(1)>',
      '#/tasks?created_after=NaN',
      '#/tasks?created_after=99999999999999999',
      `#/tasks?created_before=${'9'.repeat(400)}`,
      '#/tasks?since=constructor',
      '#/tasks?droplet_name=%E2%80%AEohce',
      `#/tasks?request_id=${'y'.repeat(20_000)}`,
      '#/droplets?q=%ff%00<script>',
      '#/?span=__proto__',
      '#//%E0%A4%A?',
    ]
    for (const [n, hash] of odd.entries()) {
      await page.goto(`${service.url}/orchestrator/?${n}${hash}`)
      await page.locator('.state-title, .error-box, .first-steps, .charts').first().waitFor()
      expect(await page.getByText('This page has a fault here').count()).toBe(0)
      await opened.expectNoSideScroll()
    }
    expect(opened.complaints).toEqual([])
  })

  test('what a droplet is called and answers is text, and hides nothing', async () => {
    const url = `http://127.0.0.1:9/<script>alert(1)</script>`
    const evil = { '<img src=x onerror=alert(1)>': 'javascript:alert(1)', '\u202eevil\u200b': '' }
    await using droplet = scriptedServer(json(evil))
    const long = 'n'.repeat(200)
    using home = serviceHome({ echo: droplet.url, evil: url, [long]: url })
    await using service = await home.start()
    const { task_id } = (await service.submit({ path: '/%3Cscript%3E' })).json
    await using opened = await openPage(browser, service.url, { hash: '#/droplets' })
    const { page } = opened
    await page.getByText('echo', { exact: true }).waitFor()
    await opened.lookAt('hostile-droplets')
    await page.goto(`${service.url}/orchestrator/#/tasks/${task_id}`)
    await page.getByText('<img src=x onerror=alert(1)>').waitFor()
    await page.getByText('\\u202eevil\\u200b').waitFor()
    expect(await page.locator('a[href^="javascript:"], main img, main script').count()).toBe(0)
    await opened.expectNoSideScroll()
    expect(opened.complaints).toEqual([])
  })

  test('an answer keeps its digits, also one that is thousands of levels deep', async () => {
    const body = '{"id":12345678901234567890,"one":1.0,"large":1e400}'
    await using droplet = scriptedServer(reply({ body, headers: JSON_TYPE }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, {
      hash: '#/submit',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const { page } = opened
    const submit = () => page.getByRole('button', { name: 'Submit', exact: true }).click()
    await page.getByLabel('Droplet').fill('echo')
    await submit()
    for (const digits of ['12345678901234567890', '1.0', '1e400']) {
      await page.getByText(digits, { exact: true }).waitFor()
    }
    await page.getByRole('button', { name: 'Copy' }).click()
    const copied = () => page.evaluate<string>('navigator.clipboard.readText()')
    expect(await eventually('a copy', copied)).toBe(body)
    const deep = `${'[1,'.repeat(20_000)}0${']'.repeat(20_000)}`
    droplet.script(reply({ body: deep, headers: JSON_TYPE }))
    await submit()
    await page.getByText('80 kB').waitFor()
    await page.locator('.json-fold').first().waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('a fault in one view leaves the others', async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { allowed: /TypeError/ })
    const { page } = opened
    await opened.live()
    await page.route('**/tasks?*', (route) => route.fulfill({ json: { tasks: [{ id: 'x' }] } }))
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.getByText('This page has a fault here').waitFor()
    await page.unroute('**/tasks?*')
    await page.keyboard.press('g')
    await page.keyboard.press('d')
    await page.getByRole('heading', { name: 'Droplets' }).waitFor()
  })

  test.each([
    ['an HTML page in place of the events', 200, {}],
    ['a 503 that asks for patience beyond any timer', 503, { 'retry-after': '9999999' }],
    ['a stream that ends at once', 200, { 'content-type': 'text/event-stream' }],
  ])('%s: it waits longer and longer', async (_, status, headers) => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { allowed: FAILED_READS })
    const { page } = opened
    await opened.live()
    // From here on a second of the page is a step of the test.
    await page.clock.install()
    let streams = 0
    await page.route('**/events?*', (route) => {
      streams++
      return route.fulfill({ status, headers: { 'content-type': 'text/html', ...headers } })
    })
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.getByText('There has been no task yet').waitFor()
    await page.locator('.strip').waitFor()
    for (let second = 0; second < 60; second++) await page.clock.runFor(1000)
    // 0.5, 1, 2, 4 and then 5 s, each by a quarter more or less.
    expect(streams).toBeLessThan(20)
    await page.unroute('**/events?*')
    // A click of Playwright's, or a key, waits for what comes with the page's time.
    await page.evaluate(`document.querySelector('.strip button').click()`)
    await opened.live()
  })

  test('a browser whose clock is an hour ahead misses nothing of the last 15 minutes', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit()).json
    await using opened = await openPage(browser, service.url)
    const { page } = opened
    // Nothing is read twice, as it is when the stream opens.
    await page.route('**/events?*', () => {})
    await page.addInitScript('const now = Date.now; Date.now = () => now() + 3_600_000')
    await page.goto(`${service.url}/orchestrator/?again#/tasks?since=15m`)
    await page.locator(`[data-task="${task_id}"]`).waitFor()
    await page.getByText(/^(now|\d+ s ago)$/).waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('options that were opened by a fault stay open while it is mended', async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: '#/submit' })
    const { page } = opened
    await page.getByText('Options').click()
    await page.getByLabel('Retries').fill('many')
    await page.getByText('Options').click()
    await page.getByLabel('Droplet').fill('echo')
    await page.getByRole('button', { name: 'Submit', exact: true }).click()
    await page.getByText('Must be a number').waitFor()
    await page.getByLabel('Retries').pressSequentially('1')
    await page.getByText('Must be a number').waitFor({ state: 'detached' })
    expect(await page.getByLabel('Retries').isVisible()).toBe(true)
    expect(opened.complaints).toEqual([])
  })

  test('a view begins at its top, wherever the one before was', async () => {
    const mesh = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [`droplet-${n}`, 'http://127.0.0.1:9']),
    )
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ ...mesh, echo: droplet.url })
    await using service = await home.start()
    await service.submit()
    const viewport = { width: 400, height: 500 }
    await using opened = await openPage(browser, service.url, { hash: '#/droplets', viewport })
    const { page } = opened
    await page.locator('[data-row]').first().waitFor()
    await page.mouse.wheel(0, 3000)
    await eventually('scrolled', () => page.evaluate<boolean>('scrollY > 1000'))
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.locator('.charts').waitFor()
    expect(await page.evaluate('scrollY')).toBe(0)
    expect(opened.complaints).toEqual([])
  })

  test('who has gone elsewhere is not brought back by a late answer', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit()).json
    await using opened = await openPage(browser, service.url, { hash: '#/tasks' })
    const { page } = opened
    await page.locator('[data-row]').waitFor()
    const going = Promise.withResolvers<void>()
    await page.route(`**/tasks/${task_id}`, async (route) => {
      await going.promise
      await route.continue()
    })
    const answered = page.waitForResponse(`**/tasks/${task_id}`)
    await page.getByLabel('Go to a task or request id').fill(task_id)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Droplets' }).click()
    await page.getByRole('heading', { name: 'Droplets' }).waitFor()
    going.resolve()
    await (await answered).finished()
    await page.getByText('echo', { exact: true }).waitFor()
    expect(await hashOf(page)).toBe('#/droplets')
    expect(opened.complaints).toEqual([])
  })
})

const JSON_TYPE = { 'content-type': 'application/json' }

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.keyboard.press('Enter')
  await page.locator('.connection.live').waitFor({ state: 'attached' })
}
