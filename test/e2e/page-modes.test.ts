/** The page on paper, in the reader's own colours, enlarged, and with dialogs by keys alone. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { focused, openPage } from '../support/page.ts'
import { hang, html, json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const VIEWS = ['#/', '#/droplets', '#/tasks', '#/submit']

describe.skipIf(!chromiumPath)(`the page${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('in the colours that the reader has forced, the time line and the charts are seen', async () => {
    await using droplet = scriptedServer(html(404))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await service.submit()
    const { tasks } = (await service.get('/orchestrator/tasks')).json
    await using opened = await openPage(browser, service.url, {
      hash: `#/tasks/${tasks[0].id}`,
      forcedColors: 'active',
    })
    const { page } = opened
    await page.locator('.time-line-bar').waitFor()
    const ground = await colourOf(page, 'body', 'backgroundColor')
    expect(await colourOf(page, '.time-line-bar', 'backgroundColor')).not.toBe(ground)
    await opened.shot('forced-colours-task')
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.locator('.swatch.violet').first().waitFor()
    const swatches = ['accent', 'bad', 'violet'].map((colour) =>
      colourOf(page, `.swatch.${colour}`, 'backgroundColor', '::before'),
    )
    expect(new Set(await Promise.all(swatches)).size).toBe(3)
    await opened.shot('forced-colours-overview')
    expect(opened.complaints).toEqual([])
  })

  test('on paper it is dark on light, and nothing is there to be clicked', async () => {
    await using droplet = scriptedServer(json({ fine: true }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit()).json
    await using opened = await openPage(browser, service.url, {
      hash: `#/tasks/${task_id}`,
      colorScheme: 'dark',
    })
    const { page } = opened
    await page.getByRole('button', { name: 'Dark' }).click()
    await page.getByText('fine:').waitFor()
    const screen = await colourOf(page, 'body', 'color')
    await page.emulateMedia({ media: 'print' })
    expect(await colourOf(page, 'body', 'color')).not.toBe(screen)
    expect(await page.getByRole('button', { name: 'Replay' }).isVisible()).toBe(false)
    expect(await page.getByText('fine:').isVisible()).toBe(true)
    await opened.shot('paper-task')
    expect(opened.complaints).toEqual([])
  })

  test('enlarged to 200 % nothing is cut off at the side', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await service.submit()
    // A window of 1280 by 800, as the page sees it then.
    const viewport = { width: 640, height: 400 }
    await using opened = await openPage(browser, service.url, { viewport, deviceScaleFactor: 2 })
    for (const view of VIEWS) {
      await opened.page.goto(`${service.url}/orchestrator/${view}`)
      await opened.page.locator('h1').waitFor()
      await opened.expectNoSideScroll()
      await opened.shot(`enlarged-${view.slice(2) || 'overview'}`)
    }
    expect(opened.complaints).toEqual([])
  })

  test('a dialog holds the focus, and gives it back', async () => {
    await using droplet = scriptedServer(hang)
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit({}, { prefer: 'respond-async' })).json
    await using opened = await openPage(browser, service.url, { hash: `#/tasks/${task_id}` })
    const { page } = opened
    const press = (key: string) => page.keyboard.press(key)
    for (const [name, keys] of [
      ['Cancel', 3],
      ['Replay', 3],
    ] as const) {
      await page.getByRole('button', { name, exact: true }).focus()
      await press('Enter')
      const dialog = page.getByRole('dialog')
      await dialog.waitFor()
      for (let n = 0; n < keys; n++) {
        await press('Tab')
        const isHeld = await page.evaluate<boolean>(
          `document.activeElement === document.body || !!document.activeElement.closest('dialog')`,
        )
        expect(isHeld).toBe(true)
      }
      // Single keys do nothing behind it.
      await press('n')
      await press('Escape')
      await dialog.waitFor({ state: 'detached' })
      expect(await focused(page)).toContain(name)
    }
    expect(await page.evaluate('location.hash')).toBe(`#/tasks/${task_id}`)
    await service.call('POST', `/orchestrator/tasks/${task_id}/cancel`)
    await eventually('ended', async () => (await service.task(task_id)).status === 'cancelled')
    expect(opened.complaints).toEqual([])
  })

  test('a token that is refused while a question is open ends in a place to sign in', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit()).json
    const allowed = /401 \(Unauthorized\)/
    await using opened = await openPage(browser, service.url, {
      hash: `#/tasks/${task_id}`,
      allowed,
      token: 'orc_old',
    })
    const { page } = opened
    await page.getByRole('button', { name: 'Replay' }).click()
    await page.getByRole('dialog').waitFor()
    const error = { code: 'UNAUTHORIZED', message: 'The token has expired' }
    await page.route('**/replay', (route) => route.fulfill({ status: 401, json: { error } }))
    await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click()
    await page.getByText('The token has expired').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    await eventually('focus in the field', async () => {
      return (await page.evaluate('document.activeElement.id')) === 'token'
    })
    expect(opened.complaints).toEqual([])
  })
})

function colourOf(page: Page, selector: string, name: string, pseudo = ''): Promise<string> {
  return page.evaluate<string>(
    `getComputedStyle(document.querySelector('${selector}'), '${pseudo}').${name}`,
  )
}
