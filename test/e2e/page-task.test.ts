/** The page's view of one task, in a real Chromium. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import { serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { openPage } from '../support/page.ts'
import { hang, html, json, scriptedServer } from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

const ASYNC = { prefer: 'respond-async' }
const at = (id: string) => `#/tasks/${id}`

describe.skipIf(!chromiumPath)(`one task${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('that failed twice and then succeeded is on a time line, live and to scale', async () => {
    await using droplet = scriptedServer(json({}))
    droplet.script(html(503), json({ busy: true }, 500), json({ fine: true }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const body = { method: 'POST', path: '/flaky', payload: { n: 1 } }
    const { task_id } = (await service.submit(body, ASYNC)).json
    await using opened = await openPage(browser, service.url, { hash: at(task_id) })
    const { page } = opened
    // It waits 1 s and 2 s: what comes is seen as it comes.
    const lines = page.locator('.time-line-row:not([aria-hidden])')
    await page.getByText('until the next attempt may start').waitFor()
    await page.getByRole('heading', { name: /^3 attempts in 3(\.\d)? s$/ }).waitFor()
    await page.locator('.page-head .badge', { hasText: 'success' }).waitFor()
    expect(await lines.count()).toBe(3)
    const words = await lines.allInnerTexts()
    expect(words[0]).toContain('503 Service Unavailable')
    expect(words[1]).toMatch(/after a wait of 1(\.\d)? s: .*500 Internal Server Error/s)
    expect(words[2]).toMatch(/after a wait of 2(\.\d)? s: .*200 OK/s)
    // It may have waited for its first attempt, too.
    const waits = (await widths(page, '.time-line-wait')).slice(-2)
    const track = (await widths(page, '.time-line-track'))[0]!
    expect(waits[1]! / waits[0]!).toBeCloseTo(2, 0)
    expect((waits[0]! + waits[1]!) / track).toBeGreaterThan(0.8)
    await page.getByText('fine:').waitFor()
    await opened.lookAt('task-retried')
    expect(opened.complaints).toEqual([])
  })

  test('is cancelled after a question, by keys', async () => {
    await using droplet = scriptedServer(hang)
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit({}, ASYNC)).json
    await service.task(task_id, ({ status }) => status === 'running')
    await using opened = await openPage(browser, service.url, { hash: at(task_id) })
    const { page } = opened
    await page.getByText('under way').waitFor()
    await opened.lookAt('task-running')
    await page.keyboard.press('x')
    await page.getByRole('dialog', { name: 'Cancel this task?' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('x')
    await page.getByRole('dialog', { name: 'Cancel this task?' }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('.page-head .badge', { hasText: 'cancelled' }).waitFor()
    expect((await service.task(task_id)).status).toBe('cancelled')
    expect(await page.getByRole('button', { name: 'Cancel', exact: true }).count()).toBe(0)
    expect(opened.complaints).toEqual([])
  })

  test('is replayed: its secret headers are asked for again', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const headers = { Authorization: 'Bearer first', 'X-Tenant': 'north' }
    const { task_id } = (await service.submit({ headers })).json
    await using opened = await openPage(browser, service.url, { hash: at(task_id) })
    const { page } = opened
    await page.getByText('secret: its value is not kept').waitFor()
    await page.keyboard.press('r')
    await page.getByLabel(/^authorization/i).fill('Bearer second')
    await opened.shot('task-replay')
    await opened.expectAccessible()
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'another task' }).waitFor()
    await droplet.received(2)
    expect(droplet.requests.at(-1)!.headers).toMatchObject({
      authorization: 'Bearer second',
      'x-tenant': 'north',
    })
    const { tasks } = (await service.get(`/orchestrator/tasks?replay_of=${task_id}`)).json
    expect(await page.evaluate('location.hash')).toBe(at(tasks[0].id))
    await page.getByRole('link', { name: 'another task' }).click()
    await page.getByRole('link', { name: 'of this one' }).click()
    await page.locator(`[data-task="${tasks[0].id}"]`).waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('is submitted again with changes, every digit of its payload as it was', async () => {
    await using droplet = scriptedServer(json({ back: true }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const payload = '{"id":12345678901234567890,"amount":1.10}'
    const { json: first } = await service.call('POST', '/orchestrator/tasks', {
      headers: { 'content-type': 'application/json' },
      body: `{"droplet_name":"echo","method":"POST","path":"/pay","payload":${payload}}`,
    })
    await using opened = await openPage(browser, service.url, { hash: at(first.task_id) })
    const { page } = opened
    await page.getByText('12345678901234567890').waitFor()
    await page.getByText('1.10', { exact: true }).waitFor()
    await page.keyboard.press('e')
    expect(await page.getByLabel('Payload').inputValue()).toBe(payload)
    expect(await page.getByLabel('Droplet').inputValue()).toBe('echo')
    await page.getByLabel('Path and query').fill('/pay/again')
    await page.getByRole('button', { name: 'Submit', exact: true }).click()
    await page.getByText('back:').waitFor()
    const { url, body } = droplet.requests.at(-1)!
    expect([url, body]).toEqual(['/pay/again', payload])
    expect(opened.complaints).toEqual([])
  })

  test('is copied as a call that submits it again', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    using file = tokensFile({ ci: 'admin' })
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    const payload = { text: `it's\n"$HOME" \`x\` \\` }
    const { json: first } = await service.submit(
      { method: 'POST', path: "/a'b?x=1&y=2", payload },
      { ...file.bearer('ci'), ...ASYNC },
    )
    await using opened = await openPage(browser, service.url, {
      hash: at(first.task_id),
      token: file.tokens.ci,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const { page } = opened
    await page.getByRole('button', { name: 'Copy as curl' }).click()
    const call = await eventually('a copy', () =>
      page.evaluate<string>('navigator.clipboard.readText()'),
    )
    expect(call).not.toContain(file.tokens.ci)
    await droplet.received(1)
    const env = { ...process.env, ORCHESTRATOR_TOKEN: file.tokens.ci }
    const curl = Bun.spawn(['sh', '-c', call], { env, stdout: 'pipe', stderr: 'ignore' })
    const accepted = JSON.parse(await new Response(curl.stdout).text())
    expect(accepted.status).toBe('queued')
    await droplet.received(2)
    const [one, other] = droplet.requests
    expect([other!.method, other!.url, other!.body]).toEqual([one!.method, one!.url, one!.body])
    expect(opened.complaints).toEqual([])
  })

  test('of a request of many answers: what is not looked at is not made', async () => {
    // 10 KB are remembered: wide in one place, deep in another.
    const deep = (n: number): unknown => (n === 0 ? 'bottom' : { d: deep(n - 1) })
    const wide = Array.from({ length: 1500 }, (_, n) => n)
    await using droplet = scriptedServer(json({ wide, deep: deep(200) }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const { task_id } = (await service.submit()).json
    await using opened = await openPage(browser, service.url, { hash: at(task_id) })
    const { page } = opened
    const answer = page.locator('.json-tree').first()
    await answer.getByText('wide:').waitFor()
    expect(await answer.locator('*').count()).toBeLessThan(500)
    await answer.getByText('[ 1,500 ]').click()
    await page.getByRole('button', { name: '100 more of 1,400' }).waitFor()
    expect(await answer.locator('*').count()).toBeLessThan(1000)
    await opened.shot('task-json')
    expect(opened.complaints).toEqual([])
  })

  test('that is forgotten while it is read stays as it was, and says so', async () => {
    await using droplet = scriptedServer(json({ fine: true }))
    using home = serviceHome({ echo: droplet.url })
    const first = await home.start()
    const { task_id } = (await first.submit({ path: '/kept' })).json
    const env = { PORT: new URL(first.url).port, TASK_DB: home.file('another.db') }
    await using opened = await openPage(browser, first.url, {
      hash: at(task_id),
      allowed: /ERR_|Failed to load|404 \(Not Found\)/,
    })
    const { page } = opened
    await page.getByText('fine:').waitFor()
    await first.stop()
    await using _ = await home.start(env)
    await page.getByText('The history holds this task no more').waitFor()
    await page.getByText('fine:').waitFor()
    await opened.lookAt('task-gone')
    expect(opened.complaints).toEqual([])
  })

  test('that there is not, that goes away, or that may not be seen', async () => {
    using file = tokensFile({
      all: 'admin',
      other: { scopes: ['tasks:read', 'tasks:write'], droplets: ['other'] },
    })
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url, other: droplet.url })
    await using service = await home.start({
      AUTH_TOKENS_FILE: file.path,
      TASK_MAX_HISTORY: '1',
    })
    const submit = () => service.submit({}, file.bearer('all'))
    const { task_id } = (await submit()).json
    const allowed = /404 \(Not Found\)/
    await using opened = await openPage(browser, service.url, {
      hash: at(task_id),
      token: file.tokens.all,
      allowed,
    })
    const { page } = opened
    await page.locator('.time-line').waitFor()

    const options = { hash: at(task_id), token: file.tokens.other, allowed }
    await using stranger = await openPage(browser, service.url, options)
    await stranger.page.getByText('There is no such task').waitFor()
    await stranger.lookAt('task-none')

    await submit()
    await eventually('trimmed', async () => {
      const { status } = await service.call('GET', `/orchestrator/tasks/${task_id}`, {
        headers: file.bearer('all'),
      })
      return status === 404
    })
    // Whoever has been away reads it anew.
    await page.evaluate(`
      for (const hidden of [true, false]) {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }
    `)
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.goBack()
    await page.getByText('There is no such task').waitFor()
    expect(opened.complaints).toEqual([])
  })
})

function widths(page: Page, selector: string): Promise<number[]> {
  return page.evaluate<number[]>(
    `[...document.querySelectorAll('${selector}')].map((one) => one.getBoundingClientRect().width)`,
  )
}
