/** The board of droplets, as its user has it: from the binary, in a real Chromium. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import { serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import type { Mesh } from '../support/orchestrator.ts'
import { focused, hashOf, openPage } from '../support/page.ts'
import { deadUrl, json, scriptedServer, type Wire } from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

const HASH = '#/droplets'
const MARKUP = '<img src=x onerror=alert(1)>'
const MANY = 10_000

describe.skipIf(!chromiumPath)(`the droplets in a browser${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('none: it says so, and what to do', async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: HASH })
    await opened.page.getByText('No droplet is known').waitFor()
    await opened.lookAt('droplets-0')
    expect(opened.complaints).toEqual([])
  })

  test('one: it is followed as it works, and leads to its tasks', async () => {
    let answer = () => {}
    const answered = new Promise<void>((resolve) => (answer = resolve))
    await using droplet = scriptedServer(async (wire: Wire) => {
      if (wire.request.url !== '/health') await answered
      await json({})(wire)
    })
    using home = serviceHome({ solo: { endpoint: droplet.url, version: '1.2.3' } })
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: HASH })
    const { page } = opened
    const card = page.locator('.droplet')
    await card.getByText('1.2.3').waitFor()
    await opened.live()
    const task = service.submit({ droplet_name: 'solo' })
    await card.getByText('in flight 1').waitFor()
    answer()
    await task
    await card.getByText('in flight 0').waitFor()
    await card.getByText('reachable').waitFor()
    await opened.lookAt('droplets-1')
    await card.click()
    await opened.at('#/tasks?droplet_name=solo')
    expect(opened.complaints).toEqual([])
  })

  test('some: trouble comes first, and what they send is text', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({
      beta: droplet.url,
      alpha: droplet.url,
      [MARKUP]: { endpoint: droplet.url, version: MARKUP },
      idle: { endpoint: droplet.url, status: 'inactive' },
      zeta: await deadUrl(),
    })
    await using service = await home.start({ DROPLET_PROBE_INTERVAL: '1' })
    await service.submit({ droplet_name: 'zeta', max_retries: 0 })
    await using opened = await openPage(browser, service.url, { hash: HASH })
    const { page } = opened
    await page.locator('.droplet.away').waitFor()
    const names = await page.locator('.droplet strong').allInnerTexts()
    expect(names).toEqual(['zeta', 'idle', MARKUP, 'alpha', 'beta'])
    await page.getByText(/^last error .*ECONNREFUSED/i).waitFor()
    expect(await page.locator('main img').count()).toBe(0)
    await opened.lookAt('droplets-some')
    await page.getByRole('searchbox').fill('nothing like it')
    await page.getByText('No droplet matches').waitFor()
    await page.getByRole('button', { name: 'Show all 5' }).click()
    await page.getByText('alpha', { exact: true }).waitFor()
    expect(await hashOf(page)).toBe(HASH)
    expect(opened.complaints).toEqual([])
  })

  test(`${MANY}: only those that can be seen are in the document`, async () => {
    await using droplet = scriptedServer(json({}))
    const mesh: Mesh = {}
    for (let n = 1; n <= MANY; n++) mesh[`droplet-${n}`] = `${droplet.url}/${n}`
    using home = serviceHome(mesh)
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: HASH })
    const { page } = opened
    await page.getByText('10,000 known').waitFor()
    const rows = page.locator('.row')
    expect(await rows.count()).toBeLessThan(100)
    await opened.lookAt('droplets-many')
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
    await page.getByText('droplet-10000', { exact: true }).waitFor()
    expect(await rows.count()).toBeLessThan(100)
    // From there on by keys: each is focused in its turn, though it is made only then.
    await page.keyboard.press('g')
    await page.getByRole('searchbox').fill('droplet-99')
    await eventually('all that match', async () => {
      return (await rows.first().innerText()).includes('droplet-99')
    })
    expect(await rows.first().getAttribute('aria-setsize')).toBe('111')
    await page.getByRole('searchbox').press('Escape')
    await page.evaluate('scrollTo(0, 0)')
    for (let n = 1; n <= 60; n++) {
      await page.keyboard.press('j')
      await eventually(`row ${n}`, async () => (await focused(page)).includes(`droplet-${n}`))
    }
    expect(opened.complaints).toEqual([])
  })

  test('those that a token may see, and no others', async () => {
    using file = tokensFile({ some: { scopes: ['tasks:read'], droplets: ['my-*'] } })
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ 'my-own': droplet.url, other: droplet.url })
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    const token = file.tokens.some
    await using opened = await openPage(browser, service.url, { hash: HASH, token })
    await opened.page.getByText('my-own', { exact: true }).waitFor()
    expect(await opened.page.locator('.droplet').count()).toBe(1)
    await opened.page.getByText('1 known').waitFor()
    expect(opened.complaints).toEqual([])
  })
})
