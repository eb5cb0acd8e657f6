/** The page's frame, as its user has it: from the binary, in a real Chromium. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { freePort, serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime } from '../support/eventually.ts'
import { focused, hashOf, openPage } from '../support/page.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

const MAX_BYTES = 100_000

test('the page comes from the binary, at most 100 KB of it, and lets in nothing else', async () => {
  using home = serviceHome({})
  await using service = await home.start()
  const page = await service.get('/orchestrator/')
  const policy = page.headers.get('content-security-policy')
  expect(policy).toContain(`default-src 'none'; script-src 'self'; style-src 'self';`)
  expect(policy).not.toContain('unsafe')
  // Nothing inline: the policy would keep it from working.
  expect(page.text).not.toMatch(/<style|style=|<script>|\son\w+=/)
  const assets = [...page.text.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, at]) => at!)
  expect(assets).toHaveLength(2)
  let bytes = page.text.length
  for (const asset of assets) {
    const { headers, body } = await fetch(`${service.url}/orchestrator/${asset}`, {
      headers: { 'accept-encoding': 'gzip' },
      decompress: false,
    })
    expect(headers.get('content-encoding')).toBe('gzip')
    expect(headers.get('cache-control')).toContain('immutable')
    bytes += (await new Response(body).bytes()).length
  }
  expect(bytes).toBeLessThan(MAX_BYTES)
})

describe.skipIf(!chromiumPath)(`in a browser${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('a token is asked for once, a wrong one is refused in words, and none is kept', async () => {
    using file = tokensFile({ ci: 'admin' })
    using home = serviceHome({})
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    await using opened = await openPage(browser, service.url, { allowed: /401 \(Unauthorized\)/ })
    const { page } = opened
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    // No view, and no way to one.
    expect(await page.getByRole('navigation').count()).toBe(0)
    await opened.lookAt('sign-in')

    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Paste a token first.').waitFor()
    await page.getByLabel('Token').fill('two words')
    await page.keyboard.press('Enter')
    await page.getByText('That is not a token').waitFor()
    await page.getByLabel('Token').fill('orc_wrong')
    await page.keyboard.press('Enter')
    await page.locator('#token-complaint', { hasText: /token/i }).waitFor()
    await opened.expectAccessible()
    expect(await page.evaluate('sessionStorage.length')).toBe(0)

    await page.getByLabel('Token').fill(file.tokens.ci)
    await page.keyboard.press('Enter')
    await opened.live()
    await page.getByText('ci', { exact: true }).waitFor()
    await page.reload()
    await opened.live()

    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0)
    expect(opened.complaints).toEqual([])
  })

  test('with a token that only reads there is nothing that writes', async () => {
    using file = tokensFile({ reader: 'tasks:read', writer: 'tasks:write' })
    using home = serviceHome({})
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    const allowed = /403 \(Forbidden\)/
    await using reader = await openPage(browser, service.url, { token: file.tokens.reader })
    await reader.live()
    await reader.page.getByText('reads only').waitFor()
    expect(await viewsOf(reader.page)).toEqual(['Overview', 'Droplets', 'Tasks'])
    await reader.page.keyboard.press('n')
    expect(await hashOf(reader.page)).toBe('')
    expect(reader.complaints).toEqual([])

    const token = file.tokens.writer
    await using writer = await openPage(browser, service.url, { token, allowed })
    await writer.page.getByRole('alert').getByText('FORBIDDEN').waitFor()
    await writer.page.getByText('The token does not permit it').waitFor()
    await writer.page.getByRole('button', { name: 'Sign out' }).waitFor()
  })

  test('what one token showed is not shown to the next', async () => {
    using file = tokensFile({
      all: 'admin',
      some: { scopes: ['tasks:read'], droplets: ['mine'] },
    })
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ mine: droplet.url, other: droplet.url })
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    const submitted = await service.submit({ droplet_name: 'other' }, file.bearer('all'))
    expect(submitted.status).toBe(200)
    await using opened = await openPage(browser, service.url, { allowed: /401 \(Unauthorized\)/ })
    const { page } = opened
    await page.getByLabel('Token').fill(file.tokens.all)
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Throughput' }).getByText('1 /min').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    // Until its own overview is there, it sees none.
    await page.route('**/overview?*', () => {})
    await page.getByLabel('Token').fill(file.tokens.some)
    await page.keyboard.press('Enter')
    await page.getByText('Reading the overview').waitFor()
    await page.unroute('**/overview?*')
    await page.reload()
    // It has had no task yet, as far as this one may see.
    await page.getByText('There has been no task yet').waitFor()
    await page.getByText('some reads only').waitFor()
    await page.getByRole('link', { name: 'Tasks' }).click()
    await page.getByRole('heading', { name: 'Tasks' }).waitFor()
    await opened.live()
    await page.getByText('with another these commands do').waitFor()
    expect(await page.locator('main').innerText()).not.toMatch(/\bother\b/)
    expect(opened.complaints).toEqual([])
  })

  test('it says that the service is gone, and comes back by itself', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    const env = { PORT: String(await freePort()) }
    const first = await home.start(env)
    await first.submit()
    await using opened = await openPage(browser, first.url, { allowed: /ERR_|Failed to load/ })
    const { page } = opened
    await page.getByRole('heading', { name: 'All is well' }).waitFor()
    await opened.live()
    first.signal('SIGKILL')
    await first.exited
    await page.getByText('The connection to the service is lost.').waitFor()
    await page.getByText(/Trying again( in \d+ s)?\./).waitFor()
    // What was so is not said to be so.
    await page.getByRole('heading', { name: /^All was well at \d\d:\d\d:\d\d$/ }).waitFor()
    await opened.lookAt('disconnected')
    await page.keyboard.press('g')
    await page.keyboard.press('d')
    await page.getByText('cannot be listed').waitFor()
    await opened.lookAt('disconnected-droplets')

    home.list({ echo: droplet.url, later: droplet.url })
    await using second = await home.start(env)
    await opened.live()
    await page.getByText('The connection to the service is lost.').waitFor({ state: 'detached' })
    await page.getByText('later', { exact: true }).waitFor()
    await second.submit({ droplet_name: 'later' })
    await page.getByRole('link', { name: /later.*reachable/ }).waitFor()
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('heading', { name: 'All is well' }).waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('a page that nobody sees does nothing, and catches up', async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url)
    const { page } = opened
    await opened.live()
    const streams: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/events')) streams.push(request.url())
    })
    await see(page, false)
    await page.locator('.connection.paused').waitFor()
    await see(page, true)
    await opened.live()
    expect(streams).toHaveLength(1)
    expect(opened.complaints).toEqual([])
  })

  test('by keys alone', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ alpha: droplet.url, beta: droplet.url })
    await using service = await home.start()
    await service.submit({ droplet_name: 'alpha' })
    await using opened = await openPage(browser, service.url)
    const { page } = opened
    await opened.live()
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    await press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await opened.shot('keys')
    await opened.expectAccessible()
    await press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await press('g', 'd')
    await page.getByRole('heading', { name: 'Droplets' }).waitFor()
    await press('/')
    await page.keyboard.type('bet')
    await page.getByText('alpha', { exact: true }).waitFor({ state: 'detached' })
    expect(await hashOf(page)).toBe('#/droplets?q=bet')
    await press('Escape')
    await page.getByText('alpha', { exact: true }).waitFor()
    await press('j')
    expect(await focused(page)).toContain('alpha')
    await press('j')
    expect(await focused(page)).toContain('beta')
    await press('k', 'Enter')
    await opened.at('#/tasks?droplet_name=alpha')
    await press('g', 't')
    await opened.at('#/tasks')
    await press('n')
    await opened.at('#/submit')
    await press('Escape', 'g', 'o')
    await opened.at('#/')
    await page.goBack()
    await opened.at('#/submit')
    await page.goForward()
    await opened.at('#/')
    // The way past the header, for who uses Tab.
    await page.reload()
    await opened.live()
    await press('Tab')
    expect(await focused(page)).toContain('Skip to the content')
    await press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    expect(await hashOf(page)).toBe('#/')
    expect(opened.complaints).toEqual([])
  })

  test('light and dark, as the system has it or as it was chosen', async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { colorScheme: 'light' })
    const { page } = opened
    await opened.live()
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await ground()
    expect(dark).not.toBe(light)
    await page.getByRole('button', { name: 'Light' }).click()
    expect(await ground()).toBe(light)
    await page.reload()
    await opened.live()
    expect(await ground()).toBe(light)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.getByRole('button', { name: 'Dark' }).click()
    expect(await ground()).toBe(dark)
    await page.getByRole('button', { name: 'Colours as the system has them' }).click()
    expect(await ground()).toBe(light)
    expect(opened.complaints).toEqual([])
  })

  test('an address that there is not', async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: '#/nothing/here?%zz' })
    await opened.page.getByText('There is nothing at this address').waitFor()
    await opened.expectAccessible()
    await opened.page.getByRole('link', { name: 'To the overview' }).click()
    await opened.at('#/')
    expect(opened.complaints).toEqual([])
  })
})

const viewsOf = (page: Page) =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('link').allInnerTexts()

/** As the browser tells when the tab comes to the front, or another one does. */
function see(page: Page, isSeen: boolean): Promise<void> {
  return page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: ${!isSeen}, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  `)
}
