/**
 * The README's picture of the page. To make it anew:
 *
 *     DASHBOARD_PICTURE=src/web/dashboard.png bun test test/e2e/picture.test.ts
 */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serviceHome } from '../support/binary-service.ts'
import { chromiumPath, launchChromium, withChromium } from '../support/chromium.ts'
import { expectShape } from '../support/documented.ts'
import { allowRealTime } from '../support/eventually.ts'
import { openPage } from '../support/page.ts'
import { pictureScene } from '../support/picture-scene.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const COMMITTED = join(import.meta.dir, '../../src/web/dashboard.png')

/** The page of a real service, before numbers that are worth a picture. */
function stage(serviceUrl: string) {
  const { overview, eventAt, seconds } = pictureScene(Math.floor(Date.now() / 1000))
  expectShape('Overview', overview)
  const event = eventAt(seconds)
  expectShape('LiveEvent', { event: 'overview', data: event })
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url)
      if (pathname.endsWith('/overview')) return Response.json(overview)
      if (pathname.endsWith('/events')) return openStream(event)
      return fetch(`${serviceUrl}${pathname}${search}`, PLAIN)
    },
  })
  const stop = () => server.stop(true)
  return { url: server.url.origin, [Symbol.asyncDispose]: stop }
}

// As it comes: what is unpacked on the way must not say that it is packed.
const PLAIN = { headers: { 'accept-encoding': 'identity' } }

function openStream(data: object): Response {
  const message = `event: overview\ndata: ${JSON.stringify(data)}\n\n`
  const body = new ReadableStream<string>({ start: (stream) => stream.enqueue(message) })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const name = `the README has a picture of this page${withChromium}`

test.skipIf(!chromiumPath)(name, async () => {
  await using droplet = scriptedServer(json(1))
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start()
  // Of a service without a task it shows how to begin.
  await service.submit({ droplet_name: 'echo', path: '/' })
  await using staged = stage(service.url)
  await using browser = await launchChromium()
  const viewport = { width: 1200, height: 690 }
  await using opened = await openPage(browser, staged.url, { viewport })
  await opened.page.getByRole('region', { name: 'Throughput' }).locator('canvas').waitFor()
  await opened.page.getByText('billing is not there').waitFor()
  await opened.live()
  await using dir = temporaryDir()
  const path = process.env.DASHBOARD_PICTURE ?? dir.file('dashboard.png')
  await opened.page.screenshot({ path })
  expect(opened.complaints).toEqual([])
  expect(sizeOf(path)).toEqual(sizeOf(COMMITTED))
  expect(readFileSync(COMMITTED).length).toBeLessThan(150_000)
})

/** Of a PNG: the IHDR chunk comes first (ISO/IEC 15948, 11.2.2). */
function sizeOf(path: string): [number, number] {
  const bytes = readFileSync(path)
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
}
