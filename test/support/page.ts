/** The page in a real Chromium, with no way out but to its service; and what it may not do there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'bun:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { eventually, PATIENCE_MS } from './eventually.ts'

const AXE = join(import.meta.dir, '../../node_modules/axe-core/axe.min.js')

/** A phone, a laptop, a large screen. */
const HEIGHTS = { 400: 850, 1280: 800, 2560: 1440 } as const
const WIDTHS = [400, 1280, 2560] as const

export interface OpenPage extends AsyncDisposable {
  readonly page: Page
  /** Requests to elsewhere, errors of the console, violations of the policy: there must be none. */
  readonly complaints: string[]
  /** Resolves when the page is connected. */
  live(): Promise<void>
  /** Resolves when the address is that, from `#` on. */
  at(hash: string): Promise<void>
  /** Wide and narrow, light and dark: a picture of each; and nothing that it may not be. */
  lookAt(name: string): Promise<void>
  /** A picture for a person to look at, in the folder PAGE_SCREENSHOTS. */
  shot(name: string): Promise<void>
  /** Fails on findings that are serious or critical. */
  expectAccessible(): Promise<void>
  /** Fails when the page is wider than its window. */
  expectNoSideScroll(): Promise<void>
}

interface OpenOptions extends BrowserContextOptions {
  /** `#/droplets`. */
  hash?: string
  /** What the console may say: a service that is down, for instance. */
  allowed?: RegExp
  /** Signed in from the start. */
  token?: string
}

export async function openPage(
  browser: Browser,
  serviceUrl: string,
  { hash = '', allowed, token, ...context }: OpenOptions = {},
): Promise<OpenPage> {
  const viewport = { width: 1280, height: 800 }
  const opened = await browser.newContext({ viewport, locale: 'en-US', ...context })
  const page = await opened.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const complaints = await watch(page, serviceUrl, allowed)
  if (token) {
    await page.addInitScript(`sessionStorage.setItem('orchestrator-token', '${token}')`)
  }
  await page.goto(`${serviceUrl}/orchestrator/${hash}`)
  const shot = async (name: string) => void (await page.screenshot(pictureOptions(name)))
  return {
    page,
    complaints,
    shot,
    live: () => page.locator('.connection.live').waitFor({ state: 'attached' }),
    at: async (wanted) =>
      void (await eventually(wanted, async () => (await hashOf(page)) === wanted)),
    expectAccessible: () => expectAccessible(page),
    expectNoSideScroll: () => expectNoSideScroll(page),
    async lookAt(name) {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHTS[width] })
        await expectNoSideScroll(page)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          await expectAccessible(page)
          await shot(`${name}-${width}-${colorScheme}`)
        }
      }
    },
    [Symbol.asyncDispose]: () => opened.close(),
  }
}

export const hashOf = (page: Page) => page.evaluate<string>('location.hash')

/** What the focused element says. */
export const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent')

async function watch(page: Page, serviceUrl: string, allowed?: RegExp): Promise<string[]> {
  const complaints: string[] = []
  const complain = (text: string) => {
    if (!allowed?.test(text)) complaints.push(text)
  }
  await page.route('**/*', (route) => {
    const url = route.request().url()
    if (url.startsWith(`${serviceUrl}/`)) return route.continue()
    complain(`asked ${url}`)
    return route.abort()
  })
  // A violation of the policy is an error of the console.
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complain(message.text())
  })
  page.on('pageerror', (error) => complain(String(error)))
  return complaints
}

/** Where pictures are kept; without a folder each is taken, and kept nowhere. */
function pictureOptions(name: string): { path?: string } {
  const folder = process.env.PAGE_SCREENSHOTS
  return folder === undefined ? {} : { path: join(folder, `${name}.png`) }
}

interface Finding {
  readonly id: string
  readonly impact?: string | null
  readonly nodes: readonly { html: string; failureSummary?: string }[]
}

async function expectAccessible(page: Page): Promise<void> {
  // Not as a script of the page: its policy would, rightly, not let it in.
  await page.evaluate(readFileSync(AXE, 'utf8'))
  const findings = await page.evaluate<Finding[]>('axe.run().then((found) => found.violations)')
  const serious = findings.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
}

async function expectNoSideScroll(page: Page): Promise<void> {
  const [needed, has] = await page.evaluate<[number, number]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )
  expect(needed).toBeLessThanOrEqual(has)
}
