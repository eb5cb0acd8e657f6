/** Work on all tasks of a filter, from the page in a real Chromium. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import { fillHistory } from '../bench/history.ts'
import { serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { openPage } from '../support/page.ts'
import { hang, json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const ASYNC = { prefer: 'respond-async' }
/** More than two pages of 200, and of the list's 100. */
const QUEUED = 450

describe.skipIf(!chromiumPath)(`work on all that match${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('cancels all that match, over several pages, and no other', async () => {
    await using droplet = scriptedServer(hang)
    using home = serviceHome({ echo: droplet.url, other: droplet.url })
    await using service = await home.start()
    const submit = (droplet_name: string) =>
      service.submit({ droplet_name, timeout_ms: 600_000 }, ASYNC)
    await Promise.all(Array.from({ length: QUEUED }, () => submit('echo')))
    const { task_id: spared } = (await submit('other')).json
    await using opened = await openPage(browser, service.url, { hash: '#/tasks?droplet_name=echo' })
    const { page } = opened
    await page.getByRole('button', { name: 'Cancel all that match…' }).click()
    await page.getByText('all unfinished tasks of echo').waitFor()
    await page.getByText(`Cancel ${QUEUED} tasks?`).waitFor()
    await opened.lookAt('bulk-question')
    // The question is not the deed.
    await page.getByRole('button', { name: 'No' }).click()
    expect((await unfinished(service, 'echo')).length).toBe(QUEUED)
    await page.getByRole('button', { name: 'Cancel all that match…' }).click()
    await page.getByRole('button', { name: `Cancel ${QUEUED} tasks` }).click()
    await page.getByText(`${QUEUED} tasks cancelled (all unfinished tasks of echo)`).waitFor()
    expect(await unfinished(service, 'echo')).toEqual([])
    expect((await service.task(spared)).status).toMatch(/queued|running/)
    // Else the service waits for it before it stops.
    await service.call('POST', `/orchestrator/tasks/${spared}/cancel`)
    expect(opened.complaints).toEqual([])
  })

  test('replays all that match, not what it replays itself, and tells why some failed', async () => {
    await using droplet = scriptedServer(json({ wrong: true }, 404))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    for (let n = 0; n < 30; n++) await service.submit({ path: `/${n}` })
    for (let n = 0; n < 3; n++) await service.submit({ headers: { Cookie: 'a=b' } })
    await using opened = await openPage(browser, service.url, {
      hash: '#/tasks?status=failed',
      allowed: /400 \(Bad Request\)/,
    })
    const { page } = opened
    await page.locator('.connection.live').waitFor({ state: 'attached' })
    // So that the moment before which they came is past.
    await eventually('a second', async () =>
      (await page.locator('.task-age').first().innerText()).includes('s ago'),
    )
    await page.getByRole('button', { name: 'Replay all that match…' }).click()
    await page.getByRole('button', { name: /^Replay 3\d tasks$/ }).click()
    await page.getByText('30 tasks replayed (failed tasks)').waitFor()
    await page.getByText(/3 × .*cookie is needed again/i).waitFor()
    await opened.lookAt('bulk-ended')
    // Each replay fails as its task did, and matches, too.
    await eventually('all replays', async () => droplet.requests.length === 63)
    const { total } = (await service.get('/orchestrator/tasks?status=failed')).json
    expect(total).toBe(63)
    expect(opened.complaints).toEqual([])
  })

  test('is stopped, and is not offered for everything that ever was', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ 'droplet-1': droplet.url })
    fillHistory(home.file('orchestrator.db'), 20_000)
    await using service = await home.start({ TASK_MAX_HISTORY: '50000' })
    await using opened = await openPage(browser, service.url, { hash: '#/tasks' })
    const { page } = opened
    await page.locator('[data-row]').first().waitFor()
    expect(await page.getByRole('button', { name: 'Replay all that match…' }).count()).toBe(0)
    await page.getByLabel('State').selectOption('success')
    await page.getByRole('button', { name: 'Replay all that match…' }).click()
    await page.getByRole('button', { name: /^Replay [\d,]+ tasks$/ }).click()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText(/^Stopped: [\d,]+ tasks? replayed \(successful tasks\)$/).waitFor()
    const { total } = (await service.get('/orchestrator/tasks?mode=async')).json
    expect(total).toBeLessThan(10_000)
    // What is not stopped goes on while one looks elsewhere; what has ended stays until it is read.
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.getByText(/^Stopped:/).waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    expect(await page.getByText(/^Stopped:/).count()).toBe(0)
  })
})

async function unfinished(
  service: { get(path: string): Promise<{ json: { tasks: object[] } }> },
  name: string,
): Promise<object[]> {
  const list = async (status: string) =>
    (await service.get(`/orchestrator/tasks?droplet_name=${name}&status=${status}&limit=1000`)).json
      .tasks
  return [...(await list('queued')), ...(await list('running'))]
}
