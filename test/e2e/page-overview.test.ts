/** The overview, as its user has it: from the binary, in a real Chromium. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { openPage, type OpenPage } from '../support/page.ts'
import { deadUrl, json, scriptedServer } from '../support/scripted-server.ts'
import { curlFault, shellIn } from '../support/shell.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

describe.skipIf(!chromiumPath)(`the overview in a browser${withChromium}`, () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  test('of no task: what to do first, in commands that work as they stand', async () => {
    await using droplet = scriptedServer(json({ status: 'active' }))
    using home = serviceHome({ "it's": droplet.url })
    await using service = await home.start()
    await using opened = await openPage(browser, service.url)
    await opened.page.getByText('There has been no task yet').waitFor()
    await opened.live()
    await opened.lookAt('overview-0')
    const outputs = await runCommands(opened, home.path)
    expect(outputs).toHaveLength(3)
    expect(outputs[0]).toMatchObject({ status: 'success' })
    expect(outputs[2].total).toBe(2)
    // It has seen them by itself.
    await opened.page.getByRole('region', { name: 'Throughput' }).waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('of no task, with a token: the commands name it, and it stays out of them', async () => {
    using file = tokensFile({ ci: 'admin' })
    await using droplet = scriptedServer(json({ status: 'active' }))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start({ AUTH_TOKENS_FILE: file.path })
    const token = file.tokens.ci
    await using opened = await openPage(browser, service.url, { token })
    await opened.page.getByText('There has been no task yet').waitFor()
    expect(await opened.page.content()).not.toContain(token)
    const outputs = await runCommands(opened, home.path, { ORCHESTRATOR_TOKEN: token })
    expect(outputs[0]).toMatchObject({ status: 'success' })
    await opened.page.getByRole('link', { name: 'submit a task' }).waitFor({ state: 'detached' })
    expect(opened.complaints).toEqual([])
  })

  test('of no task and no droplet: how one is made known', async () => {
    using home = serviceHome({})
    await using service = await home.start()
    await using opened = await openPage(browser, service.url)
    await opened.page.getByText('and no droplet is known').waitFor()
    await opened.page.getByText(`file://${home.file('droplets.json')}`).waitFor()
    await opened.lookAt('overview-no-droplet')
    await using droplet = scriptedServer(json({}))
    home.list({ first: droplet.url })
    await service.get('/orchestrator/droplets?refresh=true')
    await opened.page.locator('pre', { hasText: '"droplet_name":"first"' }).first().waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('of one task: its numbers in words', async () => {
    await using droplet = scriptedServer(json({}))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await service.submit()
    await using opened = await openPage(browser, service.url)
    const { page } = opened
    await page.getByRole('heading', { name: 'All is well' }).waitFor()
    const throughput = page.getByRole('region', { name: 'Throughput' })
    // The second it ended in is over after a second.
    await throughput
      .getByText(/^(0\.\d+|[1-9]\d*(\.\d+)?) \/(s|min)$/)
      .first()
      .waitFor()
    expect(await page.title()).toBe('Overview · Orchestrator')
    await opened.lookAt('overview-1')
    expect(opened.complaints).toEqual([])
  })

  test('of many tasks: what is wrong is told on top, and leads to where it is seen', async () => {
    await using work = await busyService()
    const { service } = work
    await using opened = await openPage(browser, service.url)
    const { page } = opened
    const problem = page.getByRole('link', { name: /gone (is not there|does not answer)/ })
    await problem.waitFor()
    expect(await page.title()).toMatch(/^\(\d\) Overview/)
    await page.getByRole('region', { name: 'Duration' }).getByText(/ms$/).first().waitFor()
    await opened.lookAt('overview-many')
    await problem.click()
    await opened.at('#/droplets?q=gone')
    await page.getByText('gone', { exact: true }).waitFor()
    expect(await page.locator('.droplet').count()).toBe(1)

    await page.goBack()
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByRole('button', { name: '24 h' }).click()
    await opened.at('#/?span=24h')
    await page.locator('canvas').first().waitFor()
    await opened.shot('overview-24h')
    await page.reload()
    await page.getByRole('button', { name: '24 h', pressed: true }).waitFor()
    expect(opened.complaints).toEqual([])
  })

  test('the charts have one cursor, and their numbers are those of its moment', async () => {
    await using work = await busyService()
    await using opened = await openPage(browser, work.service.url)
    const { page } = opened
    await page.locator('canvas').nth(4).waitFor()
    await page.locator('.plot').first().hover()
    await page.getByText(/^The numbers are of [A-Z]/).waitFor()
    const cursors = page.locator('.u-cursor-x:not(.u-off)')
    expect(await cursors.count()).toBe(5)
    await page.mouse.move(0, 0)
    await page.getByText('The numbers are of now').waitFor()
    expect(opened.complaints).toEqual([])
  })
})

/** Each command that the page shows, as it stands; what came of it, parsed. */
// oxlint-disable-next-line typescript/no-explicit-any
async function runCommands({ page }: OpenPage, dir: string, env = {}): Promise<any[]> {
  const shell = shellIn(dir, dir)
  const outputs = []
  for (const command of await page.locator('.command > pre').allInnerTexts()) {
    const result = await shell.run(command, env)
    expect(curlFault(result)).toBeNull()
    outputs.push(JSON.parse(result.stdout))
  }
  return outputs
}

/** A service of three droplets, one of which has gone, with some hundred tasks behind it. */
async function busyService(): Promise<{ service: Service } & AsyncDisposable> {
  const stack = new AsyncDisposableStack()
  const well = stack.use(scriptedServer(json({ fine: true })))
  const failing = stack.use(scriptedServer(json({ error: '<b>no</b>' }, 404)))
  const gone = await deadUrl()
  const home = stack.use(serviceHome({ well: well.url, failing: failing.url, gone }))
  const service = stack.use(await home.start({ DROPLET_PROBE_INTERVAL: '1' }))
  const send = (droplet_name: string) => service.submit({ droplet_name, path: '/work' })
  for (let turn = 0; turn < 20; turn++) {
    await Promise.all([...Array(9).fill('well'), 'failing'].map(send))
  }
  await service.submit({ droplet_name: 'gone' }, { prefer: 'respond-async' })
  await eventually('gone is known to be', async () => {
    const { json } = await service.get('/orchestrator/overview')
    return json.problems.length > 0
  })
  return { service, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
