/** The page's list of tasks, in a real Chromium. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { fillHistory } from '../bench/history.ts'
import { serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { openPage } from '../support/page.ts'
import { hang, json, scriptedServer } from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

const MANY = 50_000
const ASYNC = { prefer: 'respond-async' }

describe.skipIf(!chromiumPath)(`the list of tasks${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('without a task it says what to do; the first one comes by itself', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: '#/tasks' })
    const { page } = opened
    await page.getByText('There has been no task yet').waitFor()
    await opened.lookAt('tasks-none')
    // As it stands there.
    const call = await page.locator('.first-steps pre').first().innerText()
    await Bun.spawn(['sh', '-c', call], { stdout: 'ignore', stderr: 'ignore' }).exited
    await page.locator('[data-row]', { hasText: '/health' }).waitFor()
    expect(await rows(page).count()).toBe(1)
    await opened.lookAt('tasks-one')
    expect(opened.complaints).toEqual([])
  })

  test('of 50,000 tasks only those that are seen are made; further pages come as one scrolls', async () => {
    using home = serviceHome({})
    fillHistory(home.file('orchestrator.db'), MANY)
    await using service = await home.start({ TASK_MAX_HISTORY: String(2 * MANY) })
    await using opened = await openPage(browser, service.url, { hash: '#/tasks' })
    const { page } = opened
    const counts: string[] = []
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url())
      if (pathname.endsWith('/tasks')) counts.push(searchParams.get('total') ?? 'counted')
    })
    await rows(page).first().waitFor()
    await page.getByText('50,000 matches').waitFor()
    expect(await rows(page).count()).toBeLessThan(80)
    const listed = page.getByRole('list', { name: 'Tasks' }).getByRole('listitem')
    const size = async () => Number(await listed.first().getAttribute('aria-setsize'))
    expect(await size()).toBe(100)
    await eventually('five pages', async () => {
      await page.mouse.wheel(0, 5000)
      return (await size()) >= 500
    })
    expect(await rows(page).count()).toBeLessThan(80)
    await opened.lookAt('tasks-many')
    // Counted once, with the first page; no page after it counts anything.
    expect(counts.filter((total) => total === 'counted').length).toBeLessThanOrEqual(1)
    expect(opened.complaints).toEqual([])
  })

  test('filters are in the address, and back and forward go through them', async () => {
    using home = serviceHome({})
    fillHistory(home.file('orchestrator.db'), MANY)
    await using service = await home.start({ TASK_MAX_HISTORY: String(MANY) })
    await using opened = await openPage(browser, service.url, {
      hash: '#/tasks',
      allowed: /400 \(Bad Request\)/,
    })
    const { page } = opened
    await rows(page).first().waitFor()
    await page.getByLabel('State').selectOption('failed')
    await hash(page, '#/tasks?status=failed')
    await onlyStates(page, ['error', 'timeout'])
    await page.getByLabel('Droplet').fill('droplet-1')
    await page.keyboard.press('Enter')
    await hash(page, '#/tasks?status=failed&droplet_name=droplet-1')
    await page.getByLabel('Answer').fill('4xx')
    await page.keyboard.press('Tab')
    await onlyStates(page, ['error'])
    await page.goBack()
    await hash(page, '#/tasks?status=failed&droplet_name=droplet-1')
    await onlyStates(page, ['error', 'timeout'])
    expect(await page.getByLabel('Droplet').inputValue()).toBe('droplet-1')
    await page.goBack()
    await page.goBack()
    await hash(page, '#/tasks')
    expect(await page.getByLabel('State').inputValue()).toBe('')
    await page.goForward()
    await onlyStates(page, ['error', 'timeout'])
    // A filter that means nothing is explained.
    await page.goto(`${service.url}/orchestrator/#/tasks?response_status=many`)
    await page.getByText('must be a status, or one as 5xx').waitFor()
    await page.getByRole('link', { name: 'Clear' }).click()
    await rows(page).first().waitFor()
    await page.getByRole('link', { name: 'Failed in the last hour' }).click()
    await hash(page, '#/tasks?status=failed&since=1h')
    await onlyStates(page, ['error', 'timeout'])
    await page.getByText('Count them').click()
    await page.getByText(/^\d+ matches, counted when opened$/).waitFor()
    await opened.lookAt('tasks-failed')
    expect(opened.complaints).toEqual([])
  })

  test('new rows come in at the top, and wait for who reads below it', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    fillHistory(home.file('orchestrator.db'), 500)
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: '#/tasks' })
    const { page } = opened
    await rows(page).first().waitFor()
    await live(page)
    await service.submit({ path: '/at-the-top' })
    await page.locator('[data-row]', { hasText: '/at-the-top' }).waitFor()

    await page.evaluate('window.scrollTo(0, 2000)')
    const before = await someIdsInView(page)
    for (const n of [1, 2, 3]) await service.submit({ path: `/waiting-${n}` })
    await page.getByRole('button', { name: '3 new' }).waitFor()
    expect(await idsInView(page)).toEqual(before)
    await opened.shot('tasks-pill')
    await page.keyboard.press('.')
    await page.locator('[data-row]', { hasText: '/waiting-3' }).waitFor()
    expect(await firstPaths(page, 3)).toEqual(['/waiting-3', '/waiting-2', '/waiting-1'])
    await page.getByRole('button', { name: '3 new' }).waitFor({ state: 'detached' })
    // Who has chosen a row reads, too.
    await page.keyboard.press('j')
    const chosen = await page.evaluate<string>('document.activeElement.dataset.task')
    await service.submit({ path: '/while-chosen' })
    await page.getByRole('button', { name: '1 new' }).waitFor()
    expect(await page.evaluate<string>('document.activeElement.dataset.task')).toBe(chosen)
    expect(opened.complaints).toEqual([])
  })

  test('more than a stream tells of: the list is whole again by itself, or waits to be', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await service.submit({ path: '/before' })
    await using opened = await openPage(browser, service.url, { hash: '#/tasks' })
    const { page } = opened
    await rows(page).first().waitFor()
    await live(page)
    const burst = () =>
      Promise.all(Array.from({ length: 400 }, (_, n) => service.submit({ path: `/${n}` }, ASYNC)))
    const newest = async () => {
      const { tasks } = (await service.get('/orchestrator/tasks?limit=15')).json
      return tasks.map(({ id }: { id: string }) => id).join()
    }
    await burst()
    await eventually('the newest of all', async () => {
      return (await idsInView(page)).slice(0, 15).join() === (await newest())
    })
    const states = page.locator('[data-row] .badge', { hasText: /queued|running/ })
    await eventually('all have ended', async () => (await states.count()) === 0)

    await page.evaluate('window.scrollTo(0, 1500)')
    const before = await someIdsInView(page)
    await burst()
    await page.getByRole('button', { name: 'Many new' }).waitFor()
    expect(await idsInView(page)).toEqual(before)
    await page.getByRole('button', { name: 'Many new' }).click()
    await eventually('the newest of all', async () => {
      return (await idsInView(page)).slice(0, 15).join() === (await newest())
    })
    expect(opened.complaints).toEqual([])
  })

  test('a row that is shown changes where it is', async () => {
    await using droplet = scriptedServer(hang)
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit({ path: '/slow' }, ASYNC)).json
    await service.task(task_id, ({ status }) => status === 'running')
    await using opened = await openPage(browser, service.url, { hash: '#/tasks?status=running' })
    const { page } = opened
    const row = page.locator(`[data-task="${task_id}"]`)
    await row.getByText('running').waitFor()
    await live(page)
    await service.call('POST', `/orchestrator/tasks/${task_id}/cancel`)
    // It is not running now, but it stays where it was read.
    await row.getByText('cancelled').first().waitFor()
    expect(await row.getAttribute('class')).toContain('past')
    await page.getByRole('link', { name: 'All', exact: true }).click()
    await row.getByText('cancelled').first().waitFor()
    expect(await row.getAttribute('class')).not.toContain('past')
    expect(opened.complaints).toEqual([])
  })

  test('a service that goes and comes back: the reader stays where he was', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    fillHistory(home.file('orchestrator.db'), 500)
    const first = await home.start()
    const env = { PORT: new URL(first.url).port }
    await using opened = await openPage(browser, first.url, {
      hash: '#/tasks',
      allowed: /ERR_|Failed to load/,
    })
    const { page } = opened
    await rows(page).first().waitFor()
    await live(page)
    await page.evaluate('window.scrollTo(0, 2000)')
    await eventually('scrolled', async () => (await page.evaluate('window.scrollY')) === 2000)
    const before = await someIdsInView(page)
    await first.stop()
    await page.locator('.connection.lost').waitFor({ state: 'attached' })
    await using second = await home.start(env)
    await second.submit({ path: '/meanwhile' })
    await page.getByRole('button', { name: '1 new' }).waitFor()
    expect(await idsInView(page)).toEqual(before)
    expect(opened.complaints).toEqual([])
  })

  test('from a task, back leads to the same rows', async () => {
    using home = serviceHome({})
    fillHistory(home.file('orchestrator.db'), 1000)
    await using service = await home.start()
    await using opened = await openPage(browser, service.url, { hash: '#/tasks' })
    const { page } = opened
    await rows(page).first().waitFor()
    await page.evaluate('window.scrollTo(0, 2500)')
    await eventually('scrolled', async () => (await page.evaluate('window.scrollY')) === 2500)
    const before = await someIdsInView(page)
    await page.locator(`[data-task="${before[5]}"]`).click()
    await page.getByRole('heading', { name: 'POST /work' }).waitFor()
    await page.goBack()
    await eventually('the same rows', async () => (await idsInView(page)).join() === before.join())
    expect(opened.complaints).toEqual([])
  })

  test('an id of a task or of a request leads there', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit({}, { 'x-request-id': 'order-4711' })).json
    await using opened = await openPage(browser, service.url, {
      hash: '#/tasks',
      allowed: /404 \(Not Found\)/,
    })
    const { page } = opened
    const goTo = async (id: string) => {
      await page.goto(`${service.url}/orchestrator/#/tasks`)
      await rows(page).first().waitFor()
      await page.keyboard.press('/')
      await page.keyboard.type(id)
      await page.keyboard.press('Enter')
    }
    await goTo(task_id)
    await hash(page, `#/tasks/${task_id}`)
    await goTo('order-4711')
    await hash(page, '#/tasks?request_id=order-4711')
    await goTo('nothing')
    await page.getByText('Neither a task nor a request has this id.').waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('what a droplet sends is text, whatever it is', async () => {
    const hostile = '<img src=x onerror="document.title=\'owned\'">\u202e\u0007'
    await using droplet = scriptedServer(json({ hostile, [hostile]: [hostile] }, 404))
    using home = serviceHome({ [`a${hostile}`]: droplet.url })
    await using service = await home.start()
    const path = `/x?<b>=${encodeURIComponent(hostile)}`
    const body = { droplet_name: `a${hostile}`, method: 'POST', path, payload: { hostile } }
    const { task_id } = (await service.submit(body)).json
    await using opened = await openPage(browser, service.url, { hash: '#/tasks' })
    const { page } = opened
    await rows(page).first().waitFor()
    await opened.shot('tasks-hostile')
    await page.goto(`${service.url}/orchestrator/#/tasks/${task_id}`)
    await page.locator('.json-tree').first().waitFor()
    await opened.lookAt('task-hostile')
    expect(await page.locator('img, b:has-text("=")').count()).toBe(0)
    expect(await page.title()).not.toBe('owned')
    expect(opened.complaints).toEqual([])
  })

  test('who may only read is offered nothing that writes', async () => {
    using file = tokensFile({
      reader: 'tasks:read',
      writer: { scopes: ['tasks:read', 'tasks:write'] },
    })
    using home = serviceHome({})
    fillHistory(home.file('orchestrator.db'), 200)
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    const buttons = async (token: string) => {
      await using opened = await openPage(browser, service.url, {
        hash: '#/tasks?status=failed',
        token,
      })
      const { page } = opened
      await rows(page).first().waitFor()
      await page.locator('.account').waitFor()
      const all = await page.locator('main button:visible').allInnerTexts()
      await rows(page).first().click()
      await page.locator('.task').waitFor()
      all.push(...(await page.locator('.actions button').allInnerTexts()))
      await page.keyboard.press('r')
      all.push(...(await page.getByRole('dialog').allInnerTexts()))
      expect(opened.complaints).toEqual([])
      return all.map((text) => text.trim()).join('|')
    }
    const wanted = /Replay|Cancel|Submit/
    expect(await buttons(file.tokens.reader)).not.toMatch(wanted)
    expect(await buttons(file.tokens.writer)).toMatch(wanted)
  })
})

const rows = (page: Page) => page.locator('[data-row]')
const live = (page: Page) => page.locator('.connection.live').waitFor({ state: 'attached' })

function hash(page: Page, wanted: string): Promise<boolean> {
  return eventually(wanted, async () => (await page.evaluate('location.hash')) === wanted)
}

/** The tasks whose rows can be seen now. */
function idsInView(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('[data-task]')]
    .filter((row) => {
      const { top, bottom } = row.getBoundingClientRect()
      return top >= 0 && bottom <= innerHeight
    })
    .map((row) => row.dataset.task)`)
}

/** Once there are some: after a jump they are made with the next frame. */
function someIdsInView(page: Page): Promise<string[]> {
  return eventually('rows in view', async () => {
    const ids = await idsInView(page)
    return ids.length > 5 ? ids : null
  })
}

async function firstPaths(page: Page, count: number): Promise<string[]> {
  const texts = await page.locator('[data-row] bdi.mono').allInnerTexts()
  return texts.slice(0, count)
}

async function onlyStates(page: Page, wanted: readonly string[]): Promise<void> {
  await eventually(`only ${wanted}`, async () => {
    const states = await page.locator('[data-row] .badge').allInnerTexts()
    return states.length > 0 && states.every((state) => wanted.includes(state.trim()))
  })
}
