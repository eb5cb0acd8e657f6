import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { chromiumPath, launchChromium } from '../../support/chromium.ts'
import { freshDirectory, startDroplet, startOrchestrator, type Bench } from '../bench.ts'
import { fillHistory } from '../history.ts'

const HISTORY = { TASK_MAX_HISTORY: '2000000' }
const ROUNDS = 11

/** What somebody can read, or click, on each view: from then on it is of use. */
const USABLE = { '#/': '.chart canvas', '#/tasks': '[data-row]', '#/droplets': '.droplet' } as const

/**
 * How long the page takes from its address to its first numbers, over a history of a million tasks:
 * opened for the first time, with nothing in the browser's cache.
 */
export async function page(bench: Bench): Promise<void> {
  const { report, quick } = bench
  if (!chromiumPath) return report.unmeasured('the page', 'there is no Chromium here')
  const directory = freshDirectory(bench, 'page')
  const count = quick ? 100_000 : 1_000_000
  fillHistory(join(directory, 'orchestrator.db'), count)
  await using droplet = await startDroplet(bench)
  const options = { directory, droplets: { bench: droplet }, env: HISTORY }
  await using ours = await startOrchestrator(bench, options)
  await using browser = await launchChromium()
  for (const [address, wanted] of Object.entries(USABLE)) {
    const times: number[] = []
    for (let round = 0; round <= (quick ? 3 : ROUNDS); round++) {
      await using context = await browser.newContext()
      const opened = await context.newPage()
      const ms = await usableAfter(opened, `${ours.url}/orchestrator/${address}`, wanted)
      // In the first round the browser itself is new.
      if (round > 0) times.push(ms)
    }
    const note = `${count.toLocaleString('en')} tasks`
    report.addMedian(`usable after, ${address}`, times, 'ms', ['<', 300], note)
  }
}

/** By the page's own clock, which begins with the navigation. */
async function usableAfter(opened: Page, url: string, selector: string): Promise<number> {
  await opened.goto(url, { waitUntil: 'commit' })
  const found = await opened.waitForFunction(
    (wanted) => {
      const { document, performance } = globalThis as unknown as Browser
      return document.querySelector(wanted) === null ? null : performance.now()
    },
    selector,
    { polling: 'raf' },
  )
  return (await found.jsonValue())!
}

/** Of the browser's own things, what is used in it. */
interface Browser {
  document: { querySelector(selector: string): object | null }
  performance: { now(): number }
}
