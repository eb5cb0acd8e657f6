/** A Chromium, where this machine has one. */
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const chromiumPath = PLACES.find((path) => existsSync(path))

/** For the name of a test. */
export const withChromium = chromiumPath ? '' : ' (skipped: no Chromium here)'

/** It makes a temporary user-data directory of its own. `flags`: more than those of all tests. */
export function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  const args = [...FLAGS, ...flags]
  return chromium.launch({ executablePath: chromiumPath!, headless: true, args })
}
